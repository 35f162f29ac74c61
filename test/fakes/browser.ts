/** As much of a browser as signing in takes: cookies, redirects, and forms that a person fills in and sends. */
const STEPS_MAX = 20;

export interface Person {
  readonly login: string;
}

/** Follows where it is led, as this person; ends at an address that begins with `until`, or at a page without a form. */
export async function browse(start: string, person: Person, until = 'nowhere:'): Promise<string> {
  const cookies = new Map<string, string>();
  let wanted: Wanted = { url: start };
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const answer = await load(wanted, cookies);
    const location = answer.headers.get('location');
    if (location !== null) {
      wanted = { url: new URL(location, wanted.url).href };
      if (wanted.url.startsWith(until)) return wanted.url;
      continue;
    }
    const form = formOf(await answer.text(), wanted.url, person);
    if (form === undefined) return wanted.url;
    wanted = form;
  }
  throw new Error(`more than ${STEPS_MAX} steps, the last one to ${wanted.url}`);
}

interface Wanted {
  readonly url: string;
  readonly body?: URLSearchParams;
}

async function load({ url, body }: Wanted, cookies: Map<string, string>): Promise<Response> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const init = body === undefined ? {} : { method: 'POST', body };
  const answer = await fetch(url, { ...init, headers: { cookie, accept: 'text/html' }, redirect: 'manual' });
  for (const line of answer.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies.set(name, value);
  }
  return answer;
}

function formOf(page: string, at: string, { login }: Person): Wanted | undefined {
  const [, attributes = '', inner = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(page) ?? [];
  const action = /action="([^"]*)"/.exec(attributes)?.[1];
  if (action === undefined) return undefined;
  const body = new URLSearchParams();
  for (const [, input = ''] of inner.matchAll(/<input([^>]*)>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) body.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? login);
  }
  return { url: new URL(action, at).href, body };
}
