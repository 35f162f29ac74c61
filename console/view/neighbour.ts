/** Where an arrow key leads from a box among others: to the nearest one on that side, straight on rather than aside. */

export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const DIRECTIONS = {
  ArrowLeft: { along: 'x', sign: -1 },
  ArrowRight: { along: 'x', sign: 1 },
  ArrowUp: { along: 'y', sign: -1 },
  ArrowDown: { along: 'y', sign: 1 },
} as const;

/** A step aside counts as much as three straight on. */
const ASIDE = 3;

/** The index of the box that the key leads to; where it leads nowhere, the one that it was. */
export function neighbourOf(boxes: readonly Placed[], from: number, key: string): number {
  const direction = Object.entries(DIRECTIONS).find(([name]) => name === key)?.[1];
  const here = boxes[from];
  if (direction === undefined || here === undefined) return from;
  const { along, sign } = direction;
  const costs = boxes.map((box) => {
    const across = { x: centre(box).x - centre(here).x, y: centre(box).y - centre(here).y };
    const ahead = across[along] * sign;
    const aside = Math.abs(across[along === 'x' ? 'y' : 'x']);
    // A step sideways stays in the row; one up or down may lead anywhere.
    if (ahead <= 0 || (along === 'x' && aside > here.height / 2)) return Number.POSITIVE_INFINITY;
    return ahead + ASIDE * aside;
  });
  const least = Math.min(...costs);
  return Number.isFinite(least) ? costs.indexOf(least) : from;
}

function centre({ x, y, width, height }: Placed): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
