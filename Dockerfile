# One image for portal and worker: `offshoot serve`, `offshoot work`. It holds no PostgreSQL: name one in DATABASE_URL.

FROM node:22-bookworm-slim AS assets
WORKDIR /src/static
COPY static/package.json static/package-lock.json static/.npmrc ./
RUN npm ci --ignore-scripts
COPY static/ ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=assets /src/static/dist/ static/dist/
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /offshoot ./cmd/offshoot

# Its PostgreSQL 17 has the pg_dump and pg_restore that offshoot backup and restore call.
FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates postgresql-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --shell /usr/sbin/nologin offshoot
COPY --from=build /offshoot /usr/local/bin/offshoot
USER offshoot
ENV OFFSHOOT_ADDR=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["offshoot"]
CMD ["serve"]
