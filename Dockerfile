# Two stages: the program is built with Go and runs on Debian with Chromium, as an ordinary user.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY cmd cmd
COPY probes probes
ARG VERSION=dev
ARG REVISION=
# The build fetches the modules that the program needs; go mod download would fetch those of all tests too.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" -o /probe ./cmd/probe

FROM debian:bookworm-slim
# tini is PID 1 and reaps what Chrome leaves behind; the fonts are for screenshots of Japanese pages; socat is for browsers
# that serve other containers, because Chrome's DevTools listen on loopback alone.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates chromium-headless-shell fonts-noto-cjk socat tini tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 65532 --user-group --home-dir /var/lib/mynaprobe --create-home mynaprobe
COPY --from=build /probe /usr/local/bin/probe
USER 65532:65532
ENV MYNAPROBE_STATE_DIR=/var/lib/mynaprobe
WORKDIR /var/lib/mynaprobe
VOLUME /var/lib/mynaprobe
EXPOSE 9815
# Chrome keeps its sandbox, which needs user namespaces: run with --security-opt seccomp=deploy/seccomp.json.
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/probe"]
CMD ["serve", "--listen", ":9815", "--state-dir", "/var/lib/mynaprobe"]
