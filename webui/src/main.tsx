// SPDX-License-Identifier: Apache-2.0
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/path.css';
import './style/pages.css';
import { render } from 'preact';
import { App } from './app';
import { readFirst } from './state/first';

const root = document.getElementById('app');
readFirst(root);
if (root) render(<App />, root);
