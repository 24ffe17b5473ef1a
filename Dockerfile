# One image for a node and for the load driver: Node, the source as it is, and the packages of the lockfile. No npm, no shell, no root.
#
#   docker build -t otp-labs:0.1.0 --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#
# To pin a base by its digest: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:… ; `docker buildx imagetools inspect` prints it.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script here.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# The page of the observer: what builds it stays here.
FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY vite.config.ts tsconfig.json ./
COPY src ./src
RUN npm run prepare

FROM ${NODE_IMAGE} AS node

FROM ${RUNTIME_IMAGE}
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="otp-labs" \
      org.opencontainers.image.description="Erlang/OTP's processes and supervisors, clustered, for Node.js, built to be seen into" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Crash rates are compared between versions; empty, it is the package's.
ENV NODE_ENV=production \
    OTP_VERSION="${VERSION}"
WORKDIR /app
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY src ./src
COPY observability ./observability
COPY --from=page /app/dist/observer-ui ./dist/observer-ui
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 4000 4369 9100
# Exec form: the node is the first process, and has its signals. The heap follows the container's memory.
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=70"]
CMD ["src/main.ts"]
