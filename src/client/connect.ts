/** How this process reaches Temporal: from Temporal's own environment variables, so that one build runs on a dev server, a cluster and Temporal Cloud. */
import { readFileSync } from 'node:fs';
import type { Client, ConnectionOptions } from '@temporalio/client';
import { HoldfastError } from '../contracts/errors.ts';

/** The variables that are read, with their meaning; the names are Temporal's. */
export const TEMPORAL_VARIABLES = [
  {
    name: 'TEMPORAL_ADDRESS',
    meaning:
      'host:port of the Temporal frontend. Default: 127.0.0.1:7233; npm start starts a server when it is not set',
  },
  { name: 'TEMPORAL_NAMESPACE', meaning: 'Namespace. Default: default' },
  { name: 'TEMPORAL_API_KEY', meaning: 'API key of Temporal Cloud; switches TLS on' },
  {
    name: 'TEMPORAL_TLS',
    meaning: 'true or false: whether the connection is encrypted. Default: true when a key or certificate is given',
  },
  { name: 'TEMPORAL_TLS_SERVER_NAME', meaning: 'Name the server’s certificate must carry' },
  { name: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH', meaning: 'File of the authority that signed the server’s certificate' },
  { name: 'TEMPORAL_TLS_CLIENT_CERT_PATH', meaning: 'File of our certificate' },
  { name: 'TEMPORAL_TLS_CLIENT_KEY_PATH', meaning: 'File of our certificate’s key' },
] as const;
type VariableName = (typeof TEMPORAL_VARIABLES)[number]['name'];
type Environment = Readonly<Partial<Record<string, string>>>;

/** Settings that the client and the worker connection both take. */
export type TemporalSettings = Pick<ConnectionOptions, 'tls'> & {
  readonly address: string;
  readonly namespace: string;
  readonly apiKey?: string;
};

/**
 * @throws TEMPORAL_SETTINGS_INVALID naming the variable, for a contradiction or a file that cannot be read.
 */
export function temporalSettings(environment: Environment = process.env): TemporalSettings {
  const value = (name: VariableName): string | undefined => environment[name] || undefined;
  const apiKey = value('TEMPORAL_API_KEY');
  const tls = tlsSettings(value);
  return {
    address: value('TEMPORAL_ADDRESS') ?? '127.0.0.1:7233',
    namespace: value('TEMPORAL_NAMESPACE') ?? 'default',
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

/** Whether the person has said which Temporal to use; otherwise a server of our own is started. */
export const isTemporalGiven = (environment: Environment = process.env): boolean =>
  (environment['TEMPORAL_ADDRESS'] ?? '') !== '';

/**
 * A client, connected.
 * @throws TEMPORAL_UNAVAILABLE (retryable) when nobody answers within `timeoutMs`.
 */
export async function connectClient(settings = temporalSettings(), timeoutMs = 5_000): Promise<Client> {
  const { namespace, ...connection } = settings;
  // Loaded when somebody really connects: the help of a command does not wait for it.
  const { Client, Connection } = await import('@temporalio/client');
  try {
    return new Client({
      connection: await Connection.connect({ ...connection, connectTimeout: timeoutMs }),
      namespace,
    });
  } catch (cause) {
    throw new HoldfastError('TEMPORAL_UNAVAILABLE', `no Temporal answers at ${settings.address}`, { cause });
  }
}

function tlsSettings(value: (name: VariableName) => string | undefined): ConnectionOptions['tls'] {
  const wanted = value('TEMPORAL_TLS');
  if (wanted !== undefined && !['true', 'false'].includes(wanted)) {
    throw new HoldfastError(
      'TEMPORAL_SETTINGS_INVALID',
      `TEMPORAL_TLS is ${JSON.stringify(wanted)}; say true or false`,
    );
  }
  if (wanted === 'false') return false;
  const file = (name: VariableName): Buffer | undefined => {
    const path = value(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (cause) {
      throw new HoldfastError('TEMPORAL_SETTINGS_INVALID', `${name} names ${path}, which cannot be read`, { cause });
    }
  };
  const [authority, crt, key] = [
    file('TEMPORAL_TLS_SERVER_CA_CERT_PATH'),
    file('TEMPORAL_TLS_CLIENT_CERT_PATH'),
    file('TEMPORAL_TLS_CLIENT_KEY_PATH'),
  ];
  if ((crt === undefined) !== (key === undefined)) {
    throw new HoldfastError(
      'TEMPORAL_SETTINGS_INVALID',
      'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH belong together; only one is set',
    );
  }
  const serverName = value('TEMPORAL_TLS_SERVER_NAME');
  const custom = {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(authority === undefined ? {} : { serverRootCACertificate: authority }),
    ...(crt === undefined || key === undefined ? {} : { clientCertPair: { crt, key } }),
  };
  if (Object.keys(custom).length > 0) return custom;
  return wanted === 'true' || value('TEMPORAL_API_KEY') !== undefined ? true : undefined;
}
