import { expect, test } from "vitest";
import { ConflictError } from "../../src/core/errors.js";
import { Err, Ok } from "../../src/core/result.js";
import { UndoStack } from "../../src/core/undo.js";

test("what was done is undone in reverse", async () => {
  const undone: string[] = [];
  const stack = new UndoStack();
  for (const step of ["bridge", "port", "tag"]) {
    stack.push(step, async () => {
      undone.push(step);
      return Ok(undefined);
    });
  }
  expect(await stack.run()).toEqual([]);
  expect(undone).toEqual(["tag", "port", "bridge"]);
});

test("a step that cannot be undone is told, and does not stop the others", async () => {
  const undone: string[] = [];
  const stack = new UndoStack();
  stack.push("bridge br0", async () => {
    undone.push("bridge");
    return Ok(undefined);
  });
  const error = new ConflictError({ operation: "undo", object: "port p0", message: "somebody took it" });
  stack.push("port p0", async () => Err(error));
  expect(await stack.run()).toEqual(["port p0: somebody took it"]);
  expect(undone).toEqual(["bridge"]);
});

test("what is undone is undone once", async () => {
  let times = 0;
  const stack = new UndoStack();
  stack.push("port", async () => {
    times += 1;
    return Ok(undefined);
  });
  await stack.run();
  expect(await stack.run()).toEqual([]);
  expect(times).toBe(1);
});
