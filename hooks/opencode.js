// leakcoach before and after each of OpenCode's tools (https://opencode.ai/docs/plugins).
// Written by `leakcoach install --agent opencode`: leakcoach guard --agent opencode
import { spawn } from "node:child_process"

const COMMAND = "{command}"

const ask = (event) =>
  new Promise((resolve, reject) => {
    const child = spawn(COMMAND[0], COMMAND.slice(1), { stdio: ["pipe", "pipe", "pipe"] })
    let out = ""
    let err = ""
    const closed = (why) => reject(new Error(`leakcoach could not check this: ${why}`))
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000)
    child.on("error", (error) => closed(error.message))
    child.stdin.on("error", () => {})
    child.stdout.on("data", (data) => (out += data))
    child.stderr.on("data", (data) => (err += data))
    child.on("close", (code) => {
      clearTimeout(timer)
      if (code !== 0) return closed(err || `exit code ${code}`)
      try {
        resolve(JSON.parse(out))
      } catch {
        closed("its answer is no JSON")
      }
    })
    child.stdin.end(JSON.stringify(event))
  })

export const Leakcoach = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const event = { event: "tool.execute.before", tool: input.tool, args: output.args, cwd: directory }
    const answer = await ask(event)
    if (answer.decision && answer.decision !== "allow") throw new Error(answer.message)
  },
  "tool.execute.after": async (input, output) => {
    const event = { event: "tool.execute.after", tool: input.tool, output: output.output, cwd: directory }
    const answer = await ask(event)
    if (answer.decision && answer.decision !== "allow") {
      output.output = `${answer.output ?? ""}\n${answer.message}`
    }
  },
})
