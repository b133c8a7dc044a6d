/** Pages of evidence over HTTP: read alone, under the same rule of tokens as every other question. */
import { PAGE_POLICY } from '../pages/report/page.ts';
import type { Answer, PageAnswer } from './exchange.ts';
import type { Behind } from './orders.ts';

/**
 * A page by digest, as HTML or, where the sender accepts nothing else, as its document; a subject leads on to the page it has now.
 * @throws REPORT_NOT_FOUND, REQUEST_INVALID, RECORD_STORE_UNAVAILABLE, EDGE_NOT_READY
 */
export async function report({ pages }: Behind, name: string, accept = ''): Promise<Answer | PageAnswer> {
  const wantsDocument = accept.includes('application/json') && !accept.includes('text/html');
  const found = await pages.find(name, wantsDocument ? 'json' : 'html');
  switch (found.kind) {
    case 'moved':
      return { status: 303, html: '', headers: { location: `/reports/${found.digest}` } };
    case 'document':
      return { status: 200, body: { digest: found.digest, report: found.report } };
    case 'page':
      return { status: 200, html: found.html, headers: { etag: `"${found.digest}"`, ...PAGE_HEADERS } };
    default:
      return found satisfies never;
  }
}

const PAGE_HEADERS = {
  'content-security-policy': `${PAGE_POLICY}; frame-ancestors 'none'; sandbox`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;
