# One image for every service; the command names the one to run: dist/services/<name>/main.js
ARG NODE_IMAGE=node:20.20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY lib lib
COPY services services
COPY deploy/local deploy/local
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    VECTADB_STATE=/var/lib/vectadb/state
WORKDIR /app
RUN install -d -o node -g node /var/lib/vectadb /var/lib/vectadb/state /var/lib/vectadb/models
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json topics.yaml prices.yaml ./
COPY schemas schemas
COPY patterns patterns
USER node
# Every service answers /ready on METRICS_PORT; the gateway's is its own port.
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METRICS_PORT ?? 9101}/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/services/gateway/main.js"]
