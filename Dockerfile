# The cacheflow image: docker build -t cacheflow . && docker run -p 5001:5001 cacheflow
#
# Arguments after the image's name reach the server:
#     docker run -p 3000:3000 cacheflow --listenAddr :3000 --appendonly yes
# Data lives in the volume /data; the server runs as user 999 and needs no other rights.

FROM docker.io/library/rust:1.95-slim-bookworm AS build
WORKDIR /build

# The dependencies first, with an empty program in place of ours: this layer is built again only
# when a dependency changes, not with every line of source. The manifest names the benchmark.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches/compare \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs benches/compare/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin cacheflow \
    && rm -r src

# Cargo decides by time of change, and the files copied are older than the empty program.
COPY src src
RUN find src -name '*.rs' -exec touch {} + \
    && cargo build --release --locked --bin cacheflow

FROM docker.io/library/debian:bookworm-slim
RUN groupadd --system --gid 999 cacheflow \
    && useradd --system --uid 999 --gid 999 --home-dir /data --shell /usr/sbin/nologin cacheflow \
    && mkdir /data \
    && chown 999:999 /data
COPY --from=build /build/target/release/cacheflow /usr/local/bin/cacheflow

# A container is reached through its network, never through loopback, which is all that protected
# mode lets in. What is published with -p is the operator's decision.
ENV CACHEFLOW_PROTECTED_MODE=no

USER 999:999
WORKDIR /data
VOLUME /data
EXPOSE 5001
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["cacheflow", "healthcheck"]

# The exec form makes the server process 1, so that `docker stop` reaches it as SIGTERM.
ENTRYPOINT ["cacheflow"]
