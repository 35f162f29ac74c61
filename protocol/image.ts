/** Names of container images: one name for what people, engines and kubelets write differently. */

const HUB = /^(?:docker\.io\/|index\.docker\.io\/)(?:library\/)?/;

/** Without the registry that goes without saying, with the tag that does; a digest is a name of its own. As Docker's `reference` library has "familiar" names. */
export function familiarImage(reference: string): string {
  const name = reference.replace(HUB, '').replace(/^library\//, '');
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') || name.includes('@') ? name : `${name}:latest`;
}

/** Distinct, sorted, at most so many. */
export function familiarImages(references: readonly string[], max: number): string[] {
  return [...new Set(references.map(familiarImage))].sort().slice(0, max);
}
