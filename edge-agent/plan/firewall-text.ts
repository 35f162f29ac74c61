/** Pieces of nftables text. Each rule stands on its own line, and elements are sorted: nft 1.0.6 wants the one, reading the other. */

export interface Block {
  /** Such as `chain forward` or `set pools`. */
  readonly header: string;
  readonly lines: readonly string[];
}

export interface Table {
  readonly counters: readonly string[];
  readonly blocks: readonly Block[];
}

/** A file that replaces our table as one transaction: the old rules hold until the new ones do. */
export function table(content: Table): string {
  const counters = content.counters.map((name) => ({ header: `counter ${name}`, lines: [] }));
  return [
    'add table ip isthmus',
    'delete table ip isthmus',
    'table ip isthmus {',
    ...[...counters, ...content.blocks].flatMap(block),
    '}',
    '',
  ].join('\n');
}

function block({ header, lines }: Block): string[] {
  return [`  ${header} {`, ...lines.map((line) => `    ${line}`), '  }'];
}

/** A set of IPv4 prefixes; elements must not overlap. */
export function addressSet(name: string, elements: readonly string[]): Block {
  return { header: `set ${name}`, lines: ['type ipv4_addr', 'flags interval', ...elementLines(elements)] };
}

/** The `elements` clause, one element a line; nothing if there are none. */
export function elementLines(elements: readonly string[]): string[] {
  if (elements.length === 0) return [];
  return ['elements = {', ...elements.map((element) => `  ${element},`), '}'];
}

/** An anonymous set. */
export function anyOf(elements: readonly (string | number)[]): string {
  return `{ ${elements.join(', ')} }`;
}

/** A rule with its reason. */
export function rule(body: string, reason: string): string {
  return `${body} comment "${reason}"`;
}
