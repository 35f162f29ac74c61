/** The topology as SVG. One of its sites is reached by Tab, the others by the arrow keys, and Enter opens what is there. */
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { useLanguage } from './language.tsx';
import { goTo } from './navigation.tsx';
import { neighbourOf } from './view/neighbour.ts';
import { pathOf, type Screen } from './view/screens.ts';
import type { Picture, PlacedHub, PlacedSite, PlacedTenant } from './view/topology.ts';
import type { SiteNode } from './view/topology-facts.ts';

export interface TopologyPictureProps {
  readonly picture: Picture;
  /** By TENANT/SITE. */
  readonly onChoose: (site: string) => void;
}

export function TopologyPicture({ picture, onChoose }: TopologyPictureProps) {
  const { words } = useLanguage();
  const [focused, setFocused] = useState(0);
  const drawing = useRef<SVGSVGElement>(null);
  const boxes = picture.tenants.flatMap(({ sites }) => sites);
  const stop = Math.min(focused, boxes.length - 1);
  const move = (event: KeyboardEvent) => {
    const next = neighbourOf(boxes, stop, event.key);
    if (next === stop) return;
    event.preventDefault();
    setFocused(next);
    drawing.current?.querySelectorAll<SVGAElement>('a')[next]?.focus();
  };
  return (
    <svg
      ref={drawing}
      role="group"
      aria-label={words.topology}
      width={picture.width}
      height={picture.height}
      data-compact={picture.isCompact}
      onKeyDown={move}
    >
      <Ground picture={picture} />
      {picture.hubs.map((placed) => (
        <HubBox key={placed.hub.name} placed={placed} />
      ))}
      {picture.tenants.map((placed) => (
        <TenantBox key={placed.tenant.name} placed={placed}>
          {placed.sites.map((site) => {
            const index = boxes.indexOf(site);
            return (
              <SiteBox
                key={site.site.name}
                placed={site}
                isStop={index === stop}
                onPoint={() => {
                  setFocused(index);
                  onChoose(`${site.site.tenant}/${site.site.name}`);
                }}
              />
            );
          })}
        </TenantBox>
      ))}
    </svg>
  );
}

/** What everything else stands on: the tenants' boxes, and the lines over them. */
function Ground({ picture }: { readonly picture: Picture }) {
  return (
    <g aria-hidden="true">
      {picture.tenants.map(({ tenant, x, y, width, height }) => (
        <rect
          key={tenant.name}
          className="ground"
          data-isolated={tenant.isolated}
          {...{ x, y, width, height }}
          rx={10}
        />
      ))}
      {picture.lines.map(({ key, path, level, isActive }) => (
        <path key={key} className="line" d={path} data-level={level} data-active={isActive} />
      ))}
    </g>
  );
}

function HubBox({ placed }: { readonly placed: PlacedHub }) {
  const { words } = useLanguage();
  const { hub, x, y, width, height, label, note } = placed;
  return (
    <g className="box hub" transform={`translate(${x} ${y})`}>
      <title>{`${words.hub} ${hub.name}: ${words[hub.level]}. ${hub.statement?.message ?? ''}`}</title>
      <rect width={width} height={height} rx={8} />
      <circle cx={14} cy={20} r={4} data-level={hub.level} />
      <text x={24} y={25} className="label">
        {label}
      </text>
      <text x={24} y={42} className="note">
        {note === '' ? words.hub : note}
      </text>
    </g>
  );
}

function TenantBox({ placed, children }: { readonly placed: PlacedTenant; readonly children: ReactNode }) {
  const { words } = useLanguage();
  const { tenant, x, y, label, note, headings } = placed;
  return (
    <g className="tenant">
      <title>{`${words.tenant} ${tenant.name}${tenant.isolated ? `: ${words.isolated}` : ''}`}</title>
      <text x={x + 12} y={y + 20} className="label">
        {label}
      </text>
      <text x={x + 12} y={y + 37} className="note">
        {note}
      </text>
      {headings.map(({ level, count, ...place }) => (
        <text key={level} {...place} className="heading" data-level={level}>
          {words[level]} {count}
        </text>
      ))}
      {children}
    </g>
  );
}

interface SiteBoxProps {
  readonly placed: PlacedSite;
  /** Tab leads here. */
  readonly isStop: boolean;
  readonly onPoint: () => void;
}

function SiteBox({ placed, isStop, onPoint }: SiteBoxProps) {
  const { words } = useLanguage();
  const { site, x, y, width, height, label, note, flow } = placed;
  const to = screenOf(site);
  // What is seen comes first, so that a voice can ask for it.
  const fullName = label === site.name ? undefined : site.name;
  const middle = note === '' && flow === '' ? height / 2 : 20;
  return (
    <g transform={`translate(${x} ${y})`}>
      <a
        href={pathOf(to)}
        className="box site"
        tabIndex={isStop ? 0 : -1}
        data-level={site.level}
        aria-label={[label, note, flow, fullName, `${words[site.level]}.`, site.statement?.message].join(' ')}
        onFocus={onPoint}
        onPointerEnter={onPoint}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          goTo(to);
        }}
      >
        <rect width={width} height={height} rx={6} />
        <circle cx={14} cy={middle} r={4} data-level={site.level} />
        <text x={24} y={middle + 5} className="label">
          {label}
        </text>{' '}
        <text x={24} y={42} className="note">
          {note}
        </text>{' '}
        <text x={24} y={59} className="note">
          {flow}
        </text>
      </a>
    </g>
  );
}

/** Its edge where it has one, else the page of its tenant's sites. */
function screenOf({ tenant, edges }: SiteNode): Screen {
  const [edge, ...more] = edges;
  if (edge === undefined) return { kind: 'page', tenant, page: 'sites', below: [] };
  return { kind: 'page', tenant, page: 'edges', below: more.length === 0 ? [edge] : [] };
}
