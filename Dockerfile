# Small images from one build: `api`, `worker`, and `worker-webhook`, which is the worker with libcurl
# and the certificates of the system's authorities. Their libraries are from the Debian release that
# the tests run on, so what was tested is what ships.

FROM debian:bookworm-slim AS build
WORKDIR /src
# The packages first: they change more rarely than the code.
COPY dev ./
RUN ./dev packages programs && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY migrations migrations
COPY shared shared
COPY api api
COPY worker worker
# First with webhooks, for one of the workers; then without, which makes only that program anew.
RUN ./dev build release -DORDERS_BUILD_TESTS=OFF -DORDERS_POSTGRES=OFF -DORDERS_WEBHOOKS=ON \
    && cp build/release/order-worker /tmp/order-worker-webhook \
    && ./dev build release -DORDERS_BUILD_TESTS=OFF -DORDERS_POSTGRES=OFF -DORDERS_WEBHOOKS=OFF

# All that is in the images: a program, the libraries that it names (the loader among them), and a
# user. No shell, no package manager, nothing that is setuid.
FROM build AS roots
RUN collect() { \
        root=/roots/$1 \
        && install -D "$2" "$root/usr/local/bin/$3" \
        && ldd "$2" >/tmp/libraries \
        && ! grep 'not found' /tmp/libraries \
        && grep -o '/[^ ]*' /tmp/libraries | xargs cp --parents -L -t "$root"; \
    } \
    && collect order-api build/release/order-api order-api \
    && collect order-worker build/release/order-worker order-worker \
    && collect order-worker-webhook /tmp/order-worker-webhook order-worker \
    && cp --parents -L -t /roots/order-worker-webhook /etc/ssl/certs/ca-certificates.crt \
    && echo 'hosts: files dns' >/roots/order-worker-webhook/etc/nsswitch.conf \
    && mkdir -p /roots/common/etc \
    && echo 'orders:x:10001:10001::/nonexistent:/nonexistent' >/roots/common/etc/passwd \
    && echo 'orders:x:10001:' >/roots/common/etc/group \
    && install --directory --mode=1777 /roots/common/tmp \
    && install --directory --mode=0750 /roots/owned/data

FROM scratch AS runtime
COPY --from=roots /roots/common /
# A volume mounted here for the first time takes over this owner and mode.
COPY --from=roots --chown=10001:10001 /roots/owned /
ENV DB_PATH=/data/orders.db
VOLUME /data
USER 10001:10001
WORKDIR /data
STOPSIGNAL SIGTERM

FROM runtime AS api
COPY --from=roots /roots/order-api /
# Fails here, not in production, if a library is missing above.
RUN ["/usr/local/bin/order-api", "--version"]
ENV API_HOST=0.0.0.0 API_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/order-api", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/order-api"]
LABEL org.opencontainers.image.title="order-api" \
    org.opencontainers.image.description="Takes orders in over HTTP and answers questions about them"

FROM runtime AS any-worker
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/order-worker", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/order-worker"]

FROM any-worker AS worker-webhook
COPY --from=roots /roots/order-worker-webhook /
RUN ["/usr/local/bin/order-worker", "--version"]
LABEL org.opencontainers.image.title="order-worker-webhook" \
    org.opencontainers.image.description="Claims the orders that order-api took in and sends them to webhooks"

FROM any-worker AS worker
COPY --from=roots /roots/order-worker /
RUN ["/usr/local/bin/order-worker", "--version"]
LABEL org.opencontainers.image.title="order-worker" \
    org.opencontainers.image.description="Claims and processes the orders that order-api took in"
