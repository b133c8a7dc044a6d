# One image for every process of Holdfast; the command says which.
FROM node:20-bookworm-slim AS build
WORKDIR /opt/holdfast
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig*.json ./
COPY src src
RUN npx tsc -b tsconfig.src.json && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/holdfast
COPY --from=build /opt/holdfast/package.json ./
COPY --from=build /opt/holdfast/node_modules node_modules
COPY --from=build /opt/holdfast/dist/src dist/src
COPY models models
RUN mkdir -p /var/lib/holdfast/state /var/lib/holdfast/objects dist/workflow-bundles \
  && chown -R node:node /var/lib/holdfast dist/workflow-bundles
USER node
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/src/cli/main.js", "--help"]
