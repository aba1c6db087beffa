// SPDX-License-Identifier: Apache-2.0
// Whether the program in this tab is still the one that the gateway serves.

const RELOADED_KEY = 'holdfast-reloaded-from';

/** The program's own name, which has its hash in it. */
function own(): string {
  return document.querySelector('script[type=module]')?.getAttribute('src') ?? '';
}

/** What the gateway serves now; null where it does not answer. */
async function served(): Promise<string | null> {
  try {
    const answer = await fetch('/', { cache: 'no-store' });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** After an upgrade the files of this tab's program are gone. False where it is the same, and where a
 * new page has brought no other one. */
export async function reloadIfAnother(): Promise<boolean> {
  const now = await served();
  if (now === null || now.includes(own()) || sessionStorage.getItem(RELOADED_KEY) === own())
    return false;
  sessionStorage.setItem(RELOADED_KEY, own());
  location.reload();
  return true;
}

/** The rules of one that was broken off may not be looked at. */
function hasCome({ sheet }: HTMLLinkElement): boolean {
  try {
    return (sheet?.cssRules.length ?? 0) > 0;
  } catch {
    return false;
  }
}

/** Asks anew for the style sheets that did not come: nobody else does, once they are in the page. */
export async function mendStyles(): Promise<void> {
  const links = [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')];
  await Promise.all(
    links
      .filter((link) => !hasCome(link))
      .map((link) => {
        const fresh = document.createElement('link');
        fresh.rel = 'stylesheet';
        fresh.href = link.href;
        const ended = new Promise((resolve) => {
          fresh.onload = resolve;
          fresh.onerror = resolve;
        });
        link.replaceWith(fresh);
        return ended;
      }),
  );
}

/** A new page, where the gateway answers. */
export async function reloadIfServed(): Promise<void> {
  if ((await served()) !== null) location.reload();
}
