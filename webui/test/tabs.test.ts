// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Heard, hear, NOTHING_HEARD, type StreamEvent } from '../src/derive/events';
import type { Link, Listener, Reader } from '../src/state/stream';
import { joinTabs, type Message, type Surroundings, type Tab } from '../src/state/tabs';
import { Gateway } from './gateway';
import { type Chance, chance } from './random';

/** Locks, channels and tabs of one browser. A frozen tab runs nothing, as a phone does with one behind. */
class Browser {
  readonly tabs = new Set<FakeTab>();
  private holder: { tab: FakeTab; lost: (why: Error) => void; done: boolean } | null = null;
  private queue: { tab: FakeTab; grant: () => void }[] = [];

  send(from: FakeTab, data: Message): void {
    for (const tab of this.tabs) if (tab !== from) tab.post(() => tab.onmessage(data));
  }

  request(tab: FakeTab, options: LockOptions, held: () => Promise<void>): Promise<void> {
    if (tab.gone) return new Promise(() => {}); // only its timers are still here
    return new Promise((resolve, reject) => {
      const grant = () => {
        const mine = { tab, lost: reject, done: false };
        this.holder = mine;
        tab.post(() => {
          held().then(() => {
            mine.done = true;
            resolve();
            if (this.holder === mine) this.next();
          });
        });
      };
      if (options.steal) {
        const old = this.holder;
        grant();
        old?.tab.post(() => old.lost(new Error('stolen')));
        return;
      }
      const entry = { tab, grant };
      options.signal?.addEventListener('abort', () => {
        if (!this.queue.includes(entry)) return;
        this.queue = this.queue.filter((other) => other !== entry);
        reject(new Error('aborted'));
      });
      this.queue.push(entry);
      if (!this.holder) this.next();
    });
  }

  private next(): void {
    this.holder = null;
    this.queue.shift()?.grant();
  }

  /** As the browser does when a tab is gone. */
  forget(tab: FakeTab): void {
    this.tabs.delete(tab);
    this.queue = this.queue.filter((entry) => entry.tab !== tab);
    if (this.holder?.tab === tab) this.next();
  }
}

class FakeTab {
  heard: Heard = NOTHING_HEARD;
  link: Link = { kind: 'connecting' };
  reads = false;
  begun = 0;
  visible = true;
  frozen = false;
  gone = false;
  onmessage: (data: Message) => void = () => {};
  private waiting: (() => void)[] = [];
  private tab: Tab;
  private follow: () => StreamEvent[] = () => [];
  private listener: Listener | null = null;

  constructor(
    readonly browser: Browser,
    readonly gateway: Gateway,
  ) {
    browser.tabs.add(this);
    const self = this;
    const channel = {
      postMessage: (data: Message) => browser.send(self, structuredClone(data)),
      close: () => {},
      set onmessage(take: (event: MessageEvent<Message>) => void) {
        self.onmessage = (data) => take({ data } as MessageEvent<Message>);
      },
    };
    const surroundings = {
      locks: {
        request: (_: string, options: LockOptions, held: () => Promise<void>) =>
          browser.request(self, options, held),
      },
      channel: () => channel,
      visible: () => self.visible,
    } as unknown as Surroundings;
    this.tab = joinTabs(
      {
        event: (event) => {
          this.heard = hear(this.heard, event);
        },
        link: (link) => {
          this.link = link;
        },
        refused: () => {},
        lastId: () => this.heard.lastId,
      },
      (listener) => this.read(listener),
      surroundings,
    );
  }

  private read(listener: Listener): Reader {
    this.reads = true;
    this.begun++;
    this.listener = listener;
    this.follow = this.gateway.follow(listener.lastId());
    this.listener.link({ kind: 'live' });
    return { retry: () => {}, stop: () => (this.reads = false) };
  }

  post(task: () => void): void {
    if (this.gone) return;
    if (this.frozen) this.waiting.push(task);
    else task();
  }

  /** A reader's look at the gateway. */
  look(most = Number.POSITIVE_INFINITY): void {
    if (!this.reads || this.frozen || this.gone) return;
    for (const event of this.follow().slice(0, most)) this.listener?.event(event);
  }

  say(link: Link): void {
    this.listener?.link(link);
  }

  cut(): void {
    if (this.reads) this.follow = this.gateway.follow(this.heard.lastId);
  }

  thaw(): void {
    this.frozen = false;
    for (const task of this.waiting.splice(0)) this.post(task);
    this.tab.wake();
  }

  close(politely: boolean): void {
    if (politely) this.tab.stop();
    this.gone = true;
    this.browser.forget(this);
  }
}

const settle = () => vi.advanceTimersByTimeAsync(1);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function three(): Promise<{ gateway: Gateway; tabs: [FakeTab, FakeTab, FakeTab] }> {
  const [browser, gateway] = [new Browser(), new Gateway()];
  const open = async () => {
    const tab = new FakeTab(browser, gateway);
    await settle();
    tab.look();
    return tab;
  };
  return { gateway, tabs: [await open(), await open(), await open()] };
}

describe('tabs of one browser', () => {
  it('read one stream, and all hear it', async () => {
    const { gateway, tabs } = await three();
    gateway.change();
    tabs[0].look();
    await settle();
    expect(tabs.map((tab) => tab.reads)).toEqual([true, false, false]);
    for (const tab of tabs) {
      expect(tab.heard.lastId).toBe(gateway.picture.id);
      expect(tab.link).toEqual({ kind: 'live' });
    }
  });

  it('show what is known as soon as they come', async () => {
    const { tabs } = await three();
    const late = new FakeTab(tabs[0].browser, tabs[0].gateway);
    await settle();
    expect(late.heard.state).toEqual(tabs[0].heard.state);
  });

  it('go on where the stream was, when the one that read it is closed', async () => {
    const { gateway, tabs } = await three();
    gateway.change();
    tabs[0].close(false);
    await settle();
    tabs[1].look();
    await settle();
    expect(tabs[1].reads).toBe(true);
    for (const tab of [tabs[1], tabs[2]])
      expect(tab.heard).toMatchObject({ lastId: '1-1', happened: 1, gaps: 0 });
  });

  it('take the stream over from one that is frozen, and it follows when it wakes', async () => {
    const { gateway, tabs } = await three();
    tabs[0].frozen = true;
    tabs[0].visible = false;
    tabs[2].visible = false;
    await vi.advanceTimersByTimeAsync(14_000);
    tabs[1].look();
    await settle();
    expect(tabs.map((tab) => tab.reads)).toEqual([true, true, false]); // it does not know yet
    gateway.change();
    tabs[0].thaw();
    await settle();
    tabs[1].look();
    await settle();
    expect(tabs.map((tab) => tab.reads)).toEqual([false, true, false]);
    for (const tab of tabs) expect(tab.heard.lastId).toBe('1-1');
  });

  it('leave the stream where it is while nobody looks', async () => {
    const { tabs } = await three();
    for (const tab of tabs) tab.visible = false;
    tabs[0].frozen = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tabs.map((tab) => tab.reads)).toEqual([true, false, false]);
  });

  it('do not begin anew when somebody looks at the one that reads', async () => {
    const { tabs } = await three();
    tabs[0].frozen = true;
    tabs[1].visible = false;
    tabs[2].visible = false;
    await vi.advanceTimersByTimeAsync(14_000); // both wait in vain
    tabs[0].close(false);
    await settle();
    tabs[1].visible = true;
    tabs[1].thaw();
    await settle();
    await vi.advanceTimersByTimeAsync(14_000);
    expect(tabs.map((tab) => tab.begun)).toEqual([1, 1, 0]);
  });

  it('do not mind the last words of one that was replaced', async () => {
    const { tabs } = await three();
    tabs[0].frozen = true;
    tabs[2].visible = false;
    await vi.advanceTimersByTimeAsync(14_000);
    expect(tabs[1].reads).toBe(true);
    tabs[0].say({ kind: 'lost', nextTry: null }); // it does not know yet
    await settle();
    expect(tabs[2].link).toEqual({ kind: 'live' });
  });

  it('all know in the end what the gateway knows, whatever they went through', async () => {
    for (let seed = 0; seed < 100; seed++) await ordeal(chance(seed), `seed ${seed}`);
  }, 60_000);
});

/** Tabs that come, go, freeze and lose their connection in any order. */
async function ordeal(random: Chance, about: string): Promise<void> {
  const [browser, gateway] = [new Browser(), new Gateway()];
  const some = () => [...browser.tabs][random.below(browser.tabs.size)];
  const reader = () => [...browser.tabs].find((tab) => tab.reads && !tab.frozen);
  new FakeTab(browser, gateway);
  await settle();
  for (let step = 0; step < 80; step++) {
    gateway.pass(1000);
    const what = random.below(16);
    if (what < 4) gateway.change();
    else if (what === 4) gateway.restart();
    else if (what === 5 && browser.tabs.size < 5) new FakeTab(browser, gateway);
    else if (what === 6 && browser.tabs.size > 1) some()?.close(random.below(2) === 0);
    else if (what === 7) Object.assign(some() ?? {}, { frozen: true, visible: false });
    else if (what === 8) some()?.thaw();
    else if (what === 9) reader()?.cut();
    else if (what === 10) await vi.advanceTimersByTimeAsync(15_000);
    else reader()?.look(what === 11 ? 1 : undefined);
    await settle();
  }
  for (const tab of [...browser.tabs]) {
    tab.visible = true;
    tab.thaw();
  }
  await vi.advanceTimersByTimeAsync(15_000);
  gateway.pass(1000);
  for (let i = 0; i < 3; i++) {
    reader()?.look();
    await settle();
  }
  const tabs = [...browser.tabs];
  expect(tabs.filter((tab) => tab.reads).length, about).toBe(1);
  const { id, at } = gateway.picture;
  for (const tab of tabs) {
    expect(tab.heard.lastId, about).toBe(id);
    expect(tab.heard.state?.at, about).toBe(at);
  }
  for (const tab of tabs) tab.close(true);
}
