/**
 * Packages for the page's Python: numpy, matplotlib and what else Pyodide's list names.
 *
 * What a cell imports at once is fetched before it runs, all files side by side. What is imported later, from
 * within a function, is fetched while Python waits, by a synchronous request, which a worker may make.
 */

const SITE_PACKAGES = "/lib/python3.12/site-packages";
const LIBRARIES = "/usr/lib";
const OUR_OWN = new Set(["IPython", "ipywidgets"]); // web/src/python has what a page needs of them

/** The one spelling of a package's name. @param {string} name */
const canonical = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");

/** A package could not be loaded. */
class LoadError extends Error {
  name = "LoadError";
}

/** @typedef {{base: string, files: Record<string, number>, foreign: boolean}} Source  where packages come from */

export class Packages {
  /**
   * @param {Record<string, any>} list the packages of pyodide-lock.json
   * @param {Source} source
   * @typedef {(file: string, loaded: number) => void} Told
   * @typedef {(response: Response, file: string) => Response} Counted
   * @param {{counted: Counted, told: Told, waiting: (files: string[]) => void}} progress
   */
  constructor(list, source, progress) {
    this.list = list;
    this.source = source;
    this.progress = progress;
    this.allowed = !source.foreign;
    /** @type {Set<string>} */ this.installed = new Set();
    /** @type {Map<string, Promise<void>>} */ this.coming = new Map();
    /** What has come and waits to be installed. @type {Map<string, Uint8Array>} */ this.arrived = new Map();
    /** @type {Map<string, string>} */ this.byImport = new Map();
    for (const [name, entry] of Object.entries(list)) {
      if (name.endsWith("-tests") || entry.package_type !== "package") continue;
      for (const module of entry.imports) {
        if (!module.includes(".") && !OUR_OWN.has(module)) this.byImport.set(module, name);
      }
    }
  }

  /** @param {any} py Pyodide, once it has started */
  attach(py) {
    this.py = py;
    this.unpack = py.pyimport("pyodide._package_loader").unpack_buffer;
    this.digest = py.pyimport("page_cells").digest;
  }

  /** Whether the packages that some imports need are here to be had. @param {string} name of a package */
  has(name) {
    return this.source.foreign || this.needs([name]).every((one) => this.list[one].file_name in this.source.files);
  }

  /**
   * The packages that `names` need and are not installed, each after those that it needs itself.
   * @param {string[]} names
   */
  needs(names, found = /** @type {string[]} */ ([])) {
    for (const name of names.map(canonical)) {
      if (found.includes(name) || this.installed.has(name)) continue;
      this.needs(this.list[name].depends, found);
      if (!found.includes(name)) found.push(name);
    }
    return found;
  }

  /** The packages behind the names of modules. @param {string[]} modules */
  behind(modules) {
    const names = modules.map((module) => this.byImport.get(module)).filter((name) => name && this.has(name));
    return this.allowed ? this.needs(/** @type {string[]} */ (names)) : [];
  }

  /** Begin to fetch packages, all at once. @param {string[]} names as `behind` gives them */
  fetch(names) {
    for (const name of names) {
      if (this.coming.has(name) || this.arrived.has(name)) continue;
      this.coming.set(name, this.download(name));
      this.coming.get(name).catch(() => {}); // told where it is waited for
    }
  }

  /** @param {string} name */
  async download(name) {
    const { file_name: file } = this.list[name];
    try {
      const response = await fetch(this.source.base + file);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      this.arrived.set(name, new Uint8Array(await this.progress.counted(response, file).arrayBuffer()));
    } catch (error) {
      const advice = "Look at the connection, and run the cell again.";
      throw new LoadError(`${name} could not be loaded (${error.message}). ${advice}`);
    } finally {
      this.coming.delete(name);
    }
  }

  /** Fetch and install packages. @param {string[]} names as `behind` gives them */
  async load(names) {
    this.fetch(names);
    this.progress.waiting([...this.coming.keys()].map((name) => this.list[name].file_name));
    await Promise.all(names.map((name) => this.coming.get(name)));
    await Promise.allSettled(this.coming.values()); // what cells further down need: nothing can come while Python runs
    names.forEach((name) => this.install(name, this.arrived.get(name)));
  }

  /**
   * Make a module importable at once: what Python's import system asks for.
   * @param {string} module
   * @returns {string | null} an empty text if it is now; why it is not; null if no package has it
   */
  provide(module) {
    const name = this.byImport.get(module);
    if (!name || this.installed.has(name)) return null;
    if (!this.has(name)) return `${name} is none of the packages that the pages of this book can load`;
    const refused = "not on this site, and was not loaded from elsewhere: run the cell again to be asked again";
    if (!this.allowed) return `${name} is ${refused}`;
    try {
      const needed = this.needs([name]);
      this.progress.waiting(needed.filter((one) => !this.arrived.has(one)).map((one) => this.list[one].file_name));
      for (const one of needed) this.install(one, this.arrived.get(one) ?? this.downloadNow(one));
      return "";
    } catch (error) {
      return error.message;
    }
  }

  /** @param {string} name */
  downloadNow(name) {
    const { file_name: file } = this.list[name];
    const request = new XMLHttpRequest();
    request.open("GET", this.source.base + file, false);
    request.responseType = "arraybuffer";
    try {
      request.send();
    } catch {
      throw new Error(`${name} could not be loaded: look at the connection, and run the cell again`);
    }
    if (request.status !== 200) throw new Error(`${name} could not be loaded: the server answered ${request.status}`);
    this.progress.told(file, this.source.files[file] ?? 0);
    return new Uint8Array(request.response);
  }

  /** Unpack a package where Python finds it. @param {string} name @param {Uint8Array} bytes */
  install(name, bytes) {
    if (this.installed.has(name)) return;
    const { file_name: filename, package_type: type, sha256 } = this.list[name];
    this.arrived.delete(name);
    if (this.digest(bytes) !== sha256) {
      throw new LoadError(`${name} is not the file that Pyodide's list names, so it was not used.`);
    }
    const isLibrary = type === "shared_library";
    const libraries = this.unpack.callKwargs(bytes, {
      filename,
      extract_dir: isLibrary ? LIBRARIES : SITE_PACKAGES,
      calculate_dynlibs: isLibrary,
    });
    if (isLibrary) libraries.forEach((path) => this.link(path));
    this.installed.add(name);
  }

  /** Load a library that extension modules share; Python loads these modules themselves. @param {string} path */
  link(path) {
    const module = this.py._module;
    const fs = { findObject: (p, follow) => module.FS.findObject(p, follow), readFile: (p) => module.FS.readFile(p) };
    module.loadDynamicLibrary(path, { global: true, nodelete: true, allowUndefined: true, loadAsync: false, fs });
    module.LDSO.loadedLibsByName[path.split("/").at(-1)] ??= module.LDSO.loadedLibsByName[path];
  }
}
