import type { ActivityPorts } from './ports.ts';

/** Where people reach the HTTP edge, for what workflows show of it; nothing where nobody told. */
export const edgeOf = ({ edgeUrl }: Pick<ActivityPorts, 'edgeUrl'>): { readonly edgeUrl?: string } =>
  edgeUrl === undefined ? {} : { edgeUrl };
