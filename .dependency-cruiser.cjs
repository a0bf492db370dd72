/** Keeps every core pure and every service apart. Checked by `npm run lint`. */
module.exports = {
  forbidden: [
    {
      name: 'core-is-pure',
      comment: 'a core has no I/O: it may use lib/model, lib/topology and pure libraries only',
      severity: 'error',
      from: { path: '(^services/[^/]+/core/|^lib/model/|^lib/topology/)', pathNot: '\\.test\\.ts$' },
      to: { path: '(/adapters/|^lib/(kafka|telemetry|testing)/|^lib/config/(?!app-config-types))' },
    },
    {
      name: 'core-has-no-io-modules',
      severity: 'error',
      from: { path: '(^services/[^/]+/core/|^lib/topology/)', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|util|assert)$' },
    },
    {
      name: 'services-do-not-import-each-other',
      comment: 'services share topics and stores; only the CLI and tests look into several',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: '^services/(cli|simulator|console)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'console-asks-the-api',
      comment:
        'the console runs in a browser: of the services it knows the types of the API, of lib the pure model',
      severity: 'error',
      from: { path: '^services/console/' },
      to: {
        path: '^(services|lib|deploy)/',
        pathNot: '^(services/console/|services/gateway/schemas|lib/model/)',
      },
    },
    {
      name: 'console-takes-types-only',
      severity: 'error',
      from: { path: '^services/console/' },
      to: { path: '^services/gateway/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'kafkajs-behind-one-interface',
      severity: 'error',
      from: { pathNot: '^(lib/kafka|lib/topology/partition|tests|bench)' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
