// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/releases.css';
import type { JSX } from 'preact';
import type { PageProps } from '../props';
import { ReleasesPage } from './page';
import { ReleasePage } from './release';

export function ReleasePages(props: PageProps): JSX.Element {
  const [, id] = /^\/releases\/([^/]+)\/?$/.exec(props.path) ?? [];
  if (id === undefined) return <ReleasesPage {...props} />;
  return <ReleasePage {...props} id={id} key={id} />;
}
