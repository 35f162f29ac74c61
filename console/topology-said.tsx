/** What is said of one site of the topology, with the age of each statement: by its conditions and by each hub. */
import { useLanguage } from './language.tsx';
import { Said } from './said.tsx';
import type { SiteNode } from './view/topology-facts.ts';
import { rateWords } from './view/traffic.ts';
import { ageWords } from './view/words.ts';

export function SiteSaid({ site }: { readonly site: SiteNode }) {
  const { language, words } = useLanguage();
  return (
    <>
      <p>
        <bdi className="name">{site.name}</bdi> <bdi>{site.tenant}</bdi>
      </p>
      <p>
        <Said {...site} />
      </p>
      <ul className="plain">
        {site.links.map(({ hub, level, ageSeconds, isActive, rate }) => (
          <li key={hub}>
            <span className="level" data-level={level}>
              {words.hub} <bdi>{hub}</bdi>: {words[level]}
            </span>{' '}
            <span className="age">
              {ageSeconds === undefined ? words.byDescription : ageWords(ageSeconds, language)}
            </span>
            {isActive === true && <small> {words.goesByIt}</small>}
            {rate !== undefined && (
              <small>
                {' '}
                {words.fromSite} {rateWords(rate.fromSite)}, {words.toSite} {rateWords(rate.toSite)}
              </small>
            )}
          </li>
        ))}
      </ul>
      {site.rttMs !== undefined && (
        <p>
          {words.rtt}: {site.rttMs} ms
        </p>
      )}
      {site.clusters.length > 0 && (
        <p>
          {words.clusters}: <bdi>{site.clusters.join(', ')}</bdi>
        </p>
      )}
    </>
  );
}
