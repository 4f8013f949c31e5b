# Small images from one build: `api`, `worker`, and `worker-webhook`, which is the worker with libcurl
# and the certificates of the system's authorities; and from a second one `api-postgres` and
# `worker-postgres`, which have libpq, too, the worker beside all of that. Their libraries are from
# the Debian release that the tests run on, so what was tested is what ships.

# What the labels of these images say; `demo`, which is only there to try them out, has fewer. A build
# tells the rest by arguments (--build-arg REVISION=$(git rev-parse HEAD), SOURCE, CREATED); the version
# is the one of CMakeLists.txt, which the build checks.
ARG VERSION=0.1.0

FROM debian:bookworm-slim AS source
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
#
# Below /roots is all that is in the images: a program, the libraries that it names, and a user; for
# those that call others over a network, what it takes to find and to trust them. No shell, no package
# manager, nothing that is setuid.
FROM source AS build
ARG VERSION
RUN ./dev build release -DORDERS_BUILD_TESTS=OFF -DORDERS_POSTGRES=OFF -DORDERS_WEBHOOKS=ON \
    && shared/packaging/collect_root.sh --network build/release/order-worker /roots/worker-webhook \
    && ./dev build release -DORDERS_BUILD_TESTS=OFF -DORDERS_POSTGRES=OFF -DORDERS_WEBHOOKS=OFF \
    && shared/packaging/collect_root.sh build/release/order-worker /roots/worker \
    && shared/packaging/collect_root.sh build/release/order-api /roots/api \
    && build/release/order-api --version | grep -x "order-api $VERSION" \
    && mkdir -p /roots/common/etc \
    && echo 'orders:x:10001:10001::/nonexistent:/nonexistent' >/roots/common/etc/passwd \
    && echo 'orders:x:10001:' >/roots/common/etc/group \
    && install --directory --mode=1777 /roots/common/tmp \
    && install --directory --mode=0750 /roots/owned/data

FROM scratch AS runtime
COPY --from=build /roots/common /
# A volume mounted here for the first time takes over this owner and mode.
COPY --from=build --chown=10001:10001 /roots/owned /
ENV DB_PATH=/data/orders.db
USER 10001:10001
WORKDIR /data
STOPSIGNAL SIGTERM
ARG VERSION
ARG REVISION=unknown
ARG SOURCE=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.source="$SOURCE" \
    org.opencontainers.image.created="$CREATED" \
    org.opencontainers.image.licenses="MIT"

FROM runtime AS any-api
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
LABEL org.opencontainers.image.title="order-worker" \
    org.opencontainers.image.description="Claims and processes the orders that order-api took in"

FROM any-api AS api
COPY --from=build /roots/api /
# Fails here, not in production, if a library is missing above.
RUN ["/usr/local/bin/order-api", "--version"]
VOLUME /data

FROM any-worker AS worker-webhook
COPY --from=build /roots/worker-webhook /
RUN ["/usr/local/bin/order-worker", "--version"]
VOLUME /data

FROM any-worker AS worker
COPY --from=build /roots/worker /
RUN ["/usr/local/bin/order-worker", "--version"]
VOLUME /data

# Sends orders to watch: see shared/packaging/demo.
FROM debian:bookworm-slim AS demo
RUN apt-get update && apt-get install --yes --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
COPY shared/packaging/demo/demo.sh /usr/local/bin/demo.sh
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/demo.sh"]
LABEL org.opencontainers.image.title="order-demo" \
    org.opencontainers.image.description="Sends orders of all kinds to order-api, to watch" \
    org.opencontainers.image.licenses="MIT"

FROM source AS build-postgres
RUN ./dev build release -DORDERS_BUILD_TESTS=OFF \
    && shared/packaging/collect_root.sh --network build/release/order-api /roots/api \
    && shared/packaging/collect_root.sh --network build/release/order-worker /roots/worker

FROM any-api AS api-postgres
COPY --from=build-postgres /roots/api /
RUN ["/usr/local/bin/order-api", "--version"]

FROM any-worker AS worker-postgres
COPY --from=build-postgres /roots/worker /
RUN ["/usr/local/bin/order-worker", "--version"]
