# syntax=docker/dockerfile:1
# The gateway without TypeScript and development packages. Configuration: mount a folder at /etc/myelin.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Scripts are off because the one package that has any fetches a Node, and there is one.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs \
 && cd dist/image \
 && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Myelin" \
      org.opencontainers.image.description="Integration-broker gateway that runs WSO2 and Apache Synapse configurations and mediates WebSocket" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
COPY --from=build /build/dist/image /opt/myelin
COPY --from=build /build/dist/image/config /etc/myelin
RUN ln -s /opt/myelin/bin/myelin /usr/local/bin/myelin
WORKDIR /opt/myelin
# By number, so that a cluster can see that it is not root.
USER 1000

# HTTP, WebSocket, probes and metrics
EXPOSE 8280 9091 9201
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9201/healthz').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["myelin"]
CMD ["run", "/etc/myelin"]
