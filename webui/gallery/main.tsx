// SPDX-License-Identifier: Apache-2.0
// Every part in every state, for whoever works on them and for pictures in tests. Not in the product: only
// `npm run dev` serves it, as /gallery.html.
import '../src/style/tokens.css';
import '../src/style/base.css';
import '../src/style/shell.css';
import '../src/style/parts.css';
import '../src/style/path.css';
import '../src/style/pages.css';
import '../src/style/forms.css';
import '../src/style/service.css';
import '../src/style/data.css';
import '../src/style/setup.css';
import './gallery.css';
import { render } from 'preact';
import { LocationProvider } from 'preact-iso';
import { DIALOG, SECTIONS } from './specimens';

const root = document.getElementById('gallery');
if (root)
  render(
    <LocationProvider>
      <main class="gallery">
        <h1>Gallery</h1>
        {SECTIONS.map(({ part, wide, specimens }) => (
          <section key={part} aria-label={part} class={wide ? 'wide' : ''}>
            <h2>{part}</h2>
            <div class="specimens">
              {specimens.map(([state, element]) => (
                <div class="specimen" key={state} data-testid="specimen">
                  <p class="quiet">{state}</p>
                  {element}
                </div>
              ))}
            </div>
          </section>
        ))}
        {location.hash === '#dialog' && DIALOG}
      </main>
    </LocationProvider>,
    root,
  );
