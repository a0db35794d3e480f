import Foundation
import Store
import TestSupport
import Testing

@Suite struct SessionStoreTests {
  @Test func aSessionIsReadAsItWasWrittenAndTheLastOneIsKnown() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = SessionStore(
      paths: StorePaths(configuration: folder.path, state: folder.path + "/state", cache: folder.path))
    #expect(store.last == nil && store.read("a") == nil)
    try store.write(Data("one".utf8), name: "a")
    try store.write(Data("two".utf8), name: "b-2_x.y")
    try store.write(Data("three".utf8), name: "a")
    #expect(store.read("a") == Data("three".utf8) && store.read("b-2_x.y") == Data("two".utf8))
    #expect(store.last == "a")
  }

  @Test(arguments: ["", ".", "..", "../x", "a/b", ".hidden", "ä", "a b", String(repeating: "x", count: 101)])
  func aNameThatCouldBeAPathIsNone(name: String) throws {
    #expect(!SessionStore.isName(name))
    let store = SessionStore(paths: StorePaths(configuration: "/nowhere", state: "/nowhere", cache: "/nowhere"))
    #expect(store.read(name) == nil)
    try store.write(Data(), name: name)
  }
}
