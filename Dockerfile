# The cacheflow image: docker build -t cacheflow . && docker run -p 5001:5001 cacheflow
#
# Arguments after the image's name reach the server:
#     docker run -p 3000:3000 cacheflow --listenAddr :3000 --appendonly yes
# Data lives in the volume /data; the server runs as user 999 and needs no other rights.
#
# Nothing in here knows a processor: each platform builds for itself, with
#     docker buildx build --platform linux/amd64,linux/arm64 .

FROM docker.io/library/rust:1.95-slim-bookworm AS build
# The allocator is built by make.
RUN apt-get update && apt-get install --yes --no-install-recommends make
WORKDIR /build

# The dependencies first, with an empty program in place of ours: this layer is built again only
# when a dependency changes, not with every line of source. The manifest names the benchmarks.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir -p src benches/compare benches/micro \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs benches/compare/main.rs \
    && cp src/main.rs benches/micro/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin cacheflow \
    && rm -r src

# Cargo decides by time of change, and the files copied are older than the empty program. The build
# script reads the sources, so it comes with them.
COPY build.rs ./
COPY src src
RUN find src -name '*.rs' -exec touch {} + \
    && cargo build --release --locked --bin cacheflow

# All that the image has beside the program: the libraries that it is linked to, time zones, and who
# runs it. Scanners find Debian's packages in status.d, and ours in the bill of materials. Without
# gconv: the server converts no character sets.
WORKDIR /image
RUN apt-get update \
    && apt-get download base-files libc6 libgcc-s1 tzdata \
    && mkdir -p var/lib/dpkg/status.d \
    && for package in *.deb; do \
           dpkg-deb -x "$package" . \
           && dpkg-deb -f "$package" > "var/lib/dpkg/status.d/${package%%_*}" \
           && rm "$package" || exit 1; \
       done \
    && rm -rf usr/lib/*/gconv usr/share/lintian usr/share/doc/*/changelog* \
    && echo 'cacheflow:x:999:999::/data:/usr/sbin/nologin' > etc/passwd \
    && echo 'cacheflow:x:999:' > etc/group \
    && install -d -o 999 -g 999 data
COPY packaging/sbom /build/packaging/
RUN install -D --strip /build/target/release/cacheflow usr/local/bin/cacheflow \
    && install -d usr/share/doc/cacheflow \
    && /build/packaging/sbom > usr/share/doc/cacheflow/sbom.cdx.json

FROM scratch
COPY --from=build /image /
LABEL org.opencontainers.image.title="cacheflow" \
      org.opencontainers.image.description="A Redis-compatible server" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/cacheflow/cacheflow" \
      io.cacheflow.sbom="/usr/share/doc/cacheflow/sbom.cdx.json"

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
