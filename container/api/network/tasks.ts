/**
 * Network calls under way: each has an id that the host's events (`headers`, `chunk`, `progress`) carry, and can
 * be aborted by it.
 */
import type { Runtime } from '../../runtime/context'
import { fail } from '../kit'
import { Listeners } from '../listeners'

export class NetworkTask {
  readonly headers: Listeners<any>
  readonly chunks: Listeners<any>
  readonly progress: Listeners<any>
  aborted = false

  constructor(private readonly rt: Runtime, readonly id: number, name: string) {
    this.headers = new Listeners(rt, `${name} onHeadersReceived`)
    this.chunks = new Listeners(rt, `${name} onChunkReceived`)
    this.progress = new Listeners(rt, `${name} onProgressUpdate`)
  }

  readonly abort = (): void => {
    if (this.aborted) return
    this.aborted = true
    void this.rt.call('taskAbort', { taskId: this.id }).catch(() => undefined)
  }
}

export class NetworkTasks {
  private readonly running = new Map<number, NetworkTask>()
  private next = 1

  constructor(private readonly rt: Runtime) {
    const dispatch = (pick: (task: NetworkTask) => Listeners<any>) => ({ taskId, ...detail }: any) => {
      const task = this.running.get(taskId)
      if (task && !task.aborted) pick(task).emit(detail)
    }
    rt.on('headers', dispatch((task) => task.headers))
    rt.on('chunk', dispatch((task) => task.chunks))
    rt.on('progress', dispatch((task) => task.progress))
  }

  start(name: string): NetworkTask {
    return new NetworkTask(this.rt, this.next++, name)
  }

  /** Ask the host, and forget the task when it ends. */
  async run(task: NetworkTask, name: string, args: { [key: string]: any }): Promise<any> {
    this.running.set(task.id, task)
    try {
      // The program may abort in the same turn in which it started the call.
      await undefined
      if (task.aborted) throw fail('abort')
      const result = await this.rt.call(name, { ...args, taskId: task.id })
      if (task.aborted) throw fail('abort')
      return result
    } catch (error) {
      throw task.aborted ? fail('abort') : error
    } finally {
      this.running.delete(task.id)
    }
  }
}

const instances = new WeakMap<object, NetworkTasks>()

/** The network tasks of this runtime. */
export function networkTasks(rt: Runtime): NetworkTasks {
  let tasks = instances.get(rt)
  if (!tasks) instances.set(rt, (tasks = new NetworkTasks(rt)))
  return tasks
}
