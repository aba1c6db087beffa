// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { State } from '../api/types';
import { type PathLink, type PathNode, pathOf } from '../derive/path';
import { pathText as text } from '../text';
import { Icon } from './icon';

function Node({ node }: { node: PathNode }): JSX.Element {
  const content = (
    <>
      <span class="tile">
        <Icon name={node.id} />
      </span>
      <b>{node.title}</b>
      <span class="note">{node.note}</span>
    </>
  );
  const isService = node.id !== 'devices' && node.id !== 'cloud';
  return (
    <li class={`node tone-${node.tone}`} data-testid={`node-${node.id}`}>
      {isService ? (
        <a href={`/services/${node.id}`}>{content}</a>
      ) : (
        <span class="place">{content}</span>
      )}
    </li>
  );
}

function Link({ link, from, to }: { link: PathLink; from: string; to: string }): JSX.Element {
  return (
    <li class={`link link-${link.kind} tone-${link.tone}`} data-testid={`link-${from}-${to}`}>
      <span class="unseen">
        {text.link(from, to)} {link.kind === 'cut' && `${text.interrupted} `}
      </span>
      <span class="wire" aria-hidden="true">
        <i />
        {link.kind === 'cut' && <Icon name="cross" size={16} />}
      </span>
      <span class="note">{link.text}</span>
    </li>
  );
}

/** The way of the data, device to cloud: a row on a desk, a column on a phone. */
export function PathPicture({ state }: { state: State }): JSX.Element {
  const { nodes, links } = useMemo(() => pathOf(state), [state]);
  return (
    <section class="card path-card" aria-label={text.label}>
      <ol class="path">
        {nodes.map((node, i) => {
          const link = links[i];
          const next = nodes[i + 1];
          return [
            <Node node={node} key={node.id} />,
            link && next && (
              <Link link={link} from={node.id} to={next.id} key={`${node.id}-${next.id}`} />
            ),
          ];
        })}
      </ol>
    </section>
  );
}
