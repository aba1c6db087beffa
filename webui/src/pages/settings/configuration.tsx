// SPDX-License-Identifier: Apache-2.0
// The configuration as a whole: out into a file, in from one, and back to what it was. For an admin.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import type { ConfigDocument } from '../../api/types';
import { configFrom, differences, secretsWritten } from '../../derive/difference';
import { Headline, Outcome } from '../../parts/asked';
import { Card } from '../../parts/basics';
import { dayOf, saveFile } from '../../parts/save';
import { useDeed } from '../../state/deed';
import { settings } from '../../text';
import type { PageProps } from '../props';
import { NotTaken, Preview, type Proposed } from './preview';
import { RevisionsCard } from './revisions';

const words = settings.configuration;

/** The gateway keeps secrets to itself; an export has stars in their place. */
function ExportCard({ name, at }: { name: string; at: string }): JSX.Element {
  const deed = useDeed();
  const save = () =>
    deed.run(async () => {
      const { config, tag } = await configuration.read();
      const revision = tag.replace(/\D/g, '');
      const text = `${JSON.stringify(config, null, 2)}\n`;
      saveFile(`${name}-config-${dayOf(at)}-r${revision}.json`, 'application/json', text);
      return words.revisionIsInTheFile(revision);
    });
  return (
    <Card title={words.export}>
      <Outcome text={deed.text} error={deed.error} />
      <p class="quiet above">{words.allSettingsInOneFileFor}</p>
      <button type="button" class="button" disabled={deed.busy} onClick={() => void save()}>
        {words.exportTheConfiguration}
      </button>
    </Card>
  );
}

interface Proposal extends Proposed {
  document: ConfigDocument;
  /** Of the revision that it was compared with. */
  tag: string;
}

async function tryOut(text: string): Promise<Proposal> {
  const file = configFrom(text);
  if ('error' in file) throw new Error(file.error);
  const document = file.document as ConfigDocument;
  const { config: now, tag } = await configuration.read();
  const { config: next } = await configuration.tryWhole(document, tag);
  const { effects = [], ...would } = next;
  const changes = [...differences(now, would), ...secretsWritten(now, document)];
  return { document, tag, changes, effects };
}

function ImportCard({ onTaken }: { onTaken: (now: Revision) => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const deed = useDeed();
  const choose = async (file: File | undefined) => {
    setProposal(null);
    await deed.run(async () => {
      if (file) setProposal(await tryOut(await file.text()));
      return '';
    });
  };
  const end = () => {
    setProposal(null);
    form.current?.reset();
  };
  const apply = ({ document, tag }: Proposal) =>
    deed.run(async () => {
      try {
        const now = await configuration.replace(document, tag);
        end();
        onTaken(now);
        return words.itIsInForceAsRevision(now.tag.replace(/\D/g, ''));
      } catch (error) {
        if (!isApiError(error, 412)) throw error;
        setProposal(await tryOut(JSON.stringify(document)));
        throw new Error(words.somebodyHasChangedTheSettings);
      }
    });
  return (
    <Card title={words.import}>
      <NotTaken error={deed.error} />
      <Outcome text={deed.text} error={null} />
      <form ref={form} aria-label={words.import} onSubmit={(event) => event.preventDefault()}>
        <div class="field">
          <label for="config-file">{words.configurationFile}</label>
          <p class="hint" id="config-file-hint">
            {words.itReplacesAllSettingsWhatIs}
          </p>
          <input
            id="config-file"
            type="file"
            accept=".json,application/json"
            aria-describedby="config-file-hint"
            disabled={deed.busy}
            onChange={(e) => void choose(e.currentTarget.files?.[0])}
          />
        </div>
      </form>
      {proposal && (
        <Preview
          proposal={proposal}
          none={words.theFileIsWhatIsIn}
          busy={deed.busy}
          onApply={() => void apply(proposal)}
          onCancel={end}
        />
      )}
    </Card>
  );
}

export function ConfigurationPage({ state }: PageProps): JSX.Element {
  const [taken, setTaken] = useState('');
  return (
    <>
      <Headline
        tone="off"
        eyebrow={words.configuration}
        title={words.allSettingsOutAndIn}
        detail={words.everyChangeIsARevisionOf}
      />
      <div class="halves">
        <div class="stack">
          <ExportCard name={state.gateway.name} at={state.at} />
          <ImportCard onTaken={({ tag }) => setTaken(tag)} />
        </div>
        <RevisionsCard at={state.at} sign={taken} />
      </div>
    </>
  );
}
