/** Draws the demo's topology and its proofs as text. Pure: it looks nothing up. */

const BOX_WIDTH = 30;
const GAP = '═══';
const BLANK = '   ';

export interface PictureSite {
  readonly name: string;
  readonly lan: string;
  readonly virtual: string;
  readonly edge: string;
  readonly tunnel: string;
  readonly handshake: string;
  readonly nat: string;
}

export interface PictureHub {
  readonly name: string;
  readonly endpoint: string;
  readonly tunnel: string;
  readonly gateway: string;
  readonly vpc: { readonly name: string; readonly lan: string; readonly virtual: string };
}

export interface Proof {
  readonly title: string;
  readonly command: string;
  readonly output: string;
  readonly milliseconds: number;
}

export interface Picture {
  readonly controlPlane: string;
  readonly left: PictureSite;
  readonly hub: PictureHub;
  readonly right: PictureSite;
  readonly proofs: readonly Proof[];
}

export function drawPicture(picture: Picture): string {
  const columns = [siteBox(picture.left), hubBox(picture.hub), siteBox(picture.right)];
  const height = Math.max(...columns.map((column) => column.length));
  const boxes = columns.map((column) => box(column, height));
  const tie = Math.floor((height + 2) / 2);
  const rows = (boxes[0] ?? []).map((_, row) =>
    boxes.map((lines) => lines[row] ?? '').join(row === tie ? GAP : BLANK),
  );
  const width = rows[0]?.length ?? 0;
  return [
    center(`control plane ${picture.controlPlane}`, width),
    center('│ signed documents │', width),
    titles([picture.left.name, 'internet', picture.right.name]),
    ...rows,
    center(`║ VPC ${picture.hub.vpc.name}  ${picture.hub.vpc.lan} = ${picture.hub.vpc.virtual} ║`, width),
    '',
    ...picture.proofs.flatMap(proofLines),
  ].join('\n');
}

function siteBox(site: PictureSite): string[] {
  return [
    `LAN        ${site.lan}`,
    `virtual    ${site.virtual}`,
    `edge       ${site.edge}`,
    `tunnel     ${site.tunnel}`,
    `handshake  ${site.handshake}`,
    `behind NAT ${site.nat}`,
  ];
}

function hubBox(hub: PictureHub): string[] {
  return [
    `hub      ${hub.name}`,
    `endpoint ${hub.endpoint}`,
    `tunnel   ${hub.tunnel}`,
    `gateway  ${hub.gateway}`,
    'DNS, policy, WireGuard',
  ];
}

function box(lines: readonly string[], height: number): string[] {
  const bar = '─'.repeat(BOX_WIDTH);
  const inside = Array.from({ length: height }, (_, row) => `│${` ${lines[row] ?? ''}`.padEnd(BOX_WIDTH)}│`);
  return [`┌${bar}┐`, ...inside, `└${bar}┘`];
}

function titles(names: readonly string[]): string {
  return names
    .map((name) => center(name, BOX_WIDTH + 2).padEnd(BOX_WIDTH + 2))
    .join(BLANK)
    .trimEnd();
}

function center(text: string, width: number): string {
  return ' '.repeat(Math.max(0, Math.floor((width - text.length) / 2))) + text;
}

function proofLines(proof: Proof, index: number): string[] {
  return [
    `  ${index + 1}. ${proof.title}  (${Math.round(proof.milliseconds)} ms)`,
    `     $ ${proof.command}`,
    ...proof.output
      .trimEnd()
      .split('\n')
      .map((line) => `     ${line}`),
    '',
  ];
}
