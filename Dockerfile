# Two small images from one build: `api` and `worker`. They are of the same Debian release as the
# tests run on, so what was tested is what ships.

FROM debian:bookworm-slim AS build
WORKDIR /src
# The packages first: they change more rarely than the code.
COPY dev ./
RUN ./dev packages && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY migrations migrations
COPY shared shared
COPY api api
COPY worker worker
RUN ./dev build release -DORDERS_BUILD_TESTS=OFF

FROM debian:bookworm-slim AS runtime
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
        libcpp-httplib0.11 libspdlog1.10 libsqlite3-0 >/dev/null \
    && apt-get clean && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 orders \
    && useradd --uid 10001 --gid orders --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin orders \
    # A volume mounted here for the first time takes over this owner and mode.
    && install --directory --owner=10001 --group=10001 --mode=0750 /data
ENV DB_PATH=/data/orders.db
VOLUME /data
USER 10001:10001
WORKDIR /data
STOPSIGNAL SIGTERM

FROM runtime AS api
COPY --from=build /src/build/release/order-api /usr/local/bin/
# Fails here, not in production, if a library is missing above.
RUN ["/usr/local/bin/order-api", "--version"]
ENV API_HOST=0.0.0.0 API_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/order-api", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/order-api"]
LABEL org.opencontainers.image.title="order-api" \
    org.opencontainers.image.description="Takes orders in over HTTP and answers questions about them"

FROM runtime AS worker
COPY --from=build /src/build/release/order-worker /usr/local/bin/
RUN ["/usr/local/bin/order-worker", "--version"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/order-worker", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/order-worker"]
LABEL org.opencontainers.image.title="order-worker" \
    org.opencontainers.image.description="Claims and processes the orders that order-api took in"
