/** The page's Python, seen from the page: a worker that is started, asked, stopped and ended. */

const PATIENCE = 3000; // milliseconds that Python has to follow an interrupt

export class Python {
  /**
   * @param {string} base where the worker lies
   * @typedef {{output: (place: string, kind: string, data: string) => void, crashed: (why: string) => void}} Events
   * @param {Events & {progress: (event: any) => void}} events
   */
  constructor(base, events) {
    this.base = base;
    this.events = events;
    /** @type {Map<string, (failed: string) => void>} */ this.jobs = new Map();
    this.interrupt = self.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null;
    this.isReady = false;
  }

  /** Load and start it. @param {any} options config, allowed, imports */
  start(options) {
    this.worker = new Worker(new URL("worker.js", this.base), { type: "module" });
    return new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data }) => {
        if (data.type === "ready") {
          this.isReady = true;
          resolve(this);
        } else if (data.type === "fatal" && !this.isReady) reject(new Error(data.message));
        else this.heard(data);
      };
      this.worker.onerror = (event) => {
        event.preventDefault();
        const why = event.message || "its program could not be loaded";
        if (this.isReady) this.crash(why);
        else reject(new Error(why));
      };
      this.stopped = reject;
      this.worker.postMessage({ type: "start", base: this.base, interrupt: this.interrupt, ...options });
    });
  }

  heard({ type, place, failed, kind, data, message, ...rest }) {
    if (type === "output") this.events.output(place, kind, data);
    else if (type === "progress") this.events.progress(rest);
    else if (type === "fatal") this.crash(message);
    else if (type === "done") {
      const job = this.jobs.get(place);
      this.jobs.delete(place);
      job?.(failed);
    }
  }

  /** Ask for something; the promise holds the name of the error that ended it, or an empty text. */
  ask(message) {
    if (this.interrupt) this.interrupt[0] = 0;
    return new Promise((resolve) => {
      this.jobs.set(message.place, resolve);
      this.worker.postMessage(message);
    });
  }

  /** Interrupt what runs, and keep the variables; false if this page cannot, or Python does not listen. */
  async stop() {
    const running = this.isReady && this.interrupt && [...this.jobs.keys()];
    if (!running?.length) return false;
    this.interrupt[0] = 2; // SIGINT
    for (let waited = 0; waited < PATIENCE; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (!running.some((place) => this.jobs.has(place))) return true;
    }
    return false;
  }

  crash(why) {
    this.end("crashed");
    this.events.crashed(why);
  }

  /** End it, with all its variables. @param {string} failed what those who wait are told */
  end(failed = "stopped") {
    this.worker?.terminate();
    this.stopped?.(new Error("stopped"));
    for (const job of this.jobs.values()) job(failed);
    this.jobs.clear();
  }
}
