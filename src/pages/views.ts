import { SAVED_VIEWS } from '../contracts/search-attributes.ts';

export interface ViewLink {
  readonly name: string;
  readonly filter: string;
  readonly meaning: string;
  /** Opened once, it installs the view in that browser. */
  readonly url: string;
}

/** Links that install the saved views of the workflow list in a browser of the web UI. */
export function viewLinks(uiUrl: string, namespace: string): ViewLink[] {
  const list = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return SAVED_VIEWS.map((view) => ({
    ...view,
    url: `${list}?query=${encodeURIComponent(view.filter)}&savedQuery=${encodeURIComponent(view.name)}`,
  }));
}

/** The links with what each view shows. */
export function viewsInWords(links: readonly ViewLink[]): string {
  const shown = links.map(({ name, meaning, url }) => `${name}: ${meaning}\n  ${url}`);
  return ['Open each link once: the view is kept in that browser.', ...shown].join('\n\n');
}
