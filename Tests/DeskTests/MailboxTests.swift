import Desk
import Domain
import Foundation
import Interface
import Store
import Synchronization
import Testing

@Suite struct MailboxTests {
  private static func pick(_ rank: Int) -> Pick { Pick(rank: rank, index: rank, gain: 1) }

  @Test func picksGoOnInHandfulsAsTimeGoesBy() {
    let clock = HandClock()
    let sent = Mutex<[[Int]]>([])
    let mailbox = PickMailbox(clock: clock) { picks in sent.withLock { $0.append(picks.map(\.rank)) } }
    mailbox.add(Self.pick(0))
    mailbox.add(Self.pick(1))
    #expect(sent.withLock { $0 } == [])
    clock.advance(by: 0.1)
    mailbox.add(Self.pick(2))
    #expect(sent.withLock { $0 } == [[0, 1, 2]])
    mailbox.add(Self.pick(3))
    #expect(sent.withLock { $0.count } == 1)
    mailbox.flush()
    mailbox.flush()
    #expect(sent.withLock { $0 } == [[0, 1, 2], [3]])
  }

  @Test func theInboxWakesOnceAndNewerProgressTakesThePlaceOfOlder() {
    let woken = Mutex(0)
    let inbox = Inbox { woken.withLock { $0 += 1 } }
    func progress(_ done: Int, _ phase: Phase = .score) -> Message {
      .progress(1, Progress(phase: phase, done: done, total: 9, unit: "pairs", elapsed: 0))
    }
    for message in [progress(1), progress(2), .notice("a"), progress(3), progress(4), progress(1, .select)] {
      inbox.post(message)
    }
    #expect(woken.withLock { $0 } == 1)
    #expect(inbox.takeAll() == [progress(2), .notice("a"), progress(4), progress(1, .select)])
    #expect(inbox.takeAll() == [])
    inbox.post(.notice("b"))
    #expect(woken.withLock { $0 } == 2)
  }
}

@Suite struct SessionKeeperTests {
  private struct Kept {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sessions-\(UUID().uuidString)")
    let clock = HandClock()
    let answers = Answers()
    var store: SessionStore {
      SessionStore(paths: StorePaths(configuration: folder.path, state: folder.path, cache: folder.path))
    }
    func keeper() -> SessionKeeper {
      SessionKeeper(store: store, name: "s", clock: clock) { [answers] in answers.post($0) }
    }
    func read() -> Session? { Session.read("s", from: store) }
  }

  private static func session(pick: Int) -> Session {
    var session = Session()
    session.pick = pick
    return session
  }

  @Test func aSessionIsWrittenAMomentAfterTheChangeAndTheLatestWins() {
    let kept = Kept()
    let keeper = kept.keeper()
    keeper.note(Self.session(pick: 1))
    keeper.note(Self.session(pick: 2))
    #expect(kept.clock.waiting == 1, "changes in between cost no write of their own")
    #expect(kept.read() == nil)
    kept.clock.advance(by: 1)
    #expect(kept.read()?.pick == 2)
    keeper.note(Self.session(pick: 2))
    #expect(kept.clock.waiting == 0, "nothing has changed")
    keeper.note(Self.session(pick: 3))
    keeper.finish()
    #expect(kept.read()?.pick == 3, "written at the end without waiting")
    try? FileManager.default.removeItem(at: kept.folder)
  }

  @Test func aSessionThatCantBeKeptIsSaidOnce() throws {
    let kept = Kept()
    // A file stands where the folder would be.
    try Data().write(to: kept.folder)
    let keeper = kept.keeper()
    for pick in 1...3 {
      keeper.note(Self.session(pick: pick))
      kept.clock.advance(by: 1)
    }
    #expect(kept.answers.all.count == 1)
    guard case .notice(let text)? = kept.answers.all.first else {
      Issue.record("no notice")
      return
    }
    #expect(text.contains("session can't be kept"))
    try FileManager.default.removeItem(at: kept.folder)
    keeper.note(Self.session(pick: 4))
    kept.clock.advance(by: 1)
    #expect(kept.read()?.pick == 4, "once there is room again, it is kept")
    try? FileManager.default.removeItem(at: kept.folder)
  }

  @Test func pathsHoldInAnyFolder() {
    let kept = Kept()
    let keeper = kept.keeper()
    var session = Session()
    session.files["pool"] = Session.File(path: "~/data/../pool.jsonl")
    keeper.note(session)
    keeper.finish()
    #expect(kept.read()?.files["pool"]?.path == NSHomeDirectory() + "/pool.jsonl")
    try? FileManager.default.removeItem(at: kept.folder)
  }
}

@Suite struct PathCompletionTests {
  @Test func entriesThatBeginSoAreOfferedAndFoldersEndWithASlash() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("paths-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("data"), withIntermediateDirectories: true)
    for name in ["dates.csv", "pool.jsonl", ".hidden"] {
      try Data().write(to: folder.appendingPathComponent(name))
    }
    func offered(_ typed: String) -> [String] {
      PathCompletion.completions(of: folder.path + "/" + typed).map { String($0.dropFirst(folder.path.count + 1)) }
    }
    #expect(offered("da") == ["data/", "dates.csv"])
    #expect(offered("") == ["data/", "dates.csv", "pool.jsonl"])
    #expect(offered(".") == [".hidden"])
    #expect(offered("none/") == [])
    #expect(PathCompletion.completions(of: folder.path + "/", limit: 1).count == 1)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func theHomeFolderIsWrittenOut() {
    #expect(PathCompletion.expanded("~") == NSHomeDirectory())
    #expect(PathCompletion.expanded("~/a") == NSHomeDirectory() + "/a")
    #expect(PathCompletion.expanded("~other/a") == "~other/a")
  }
}

@Suite struct RecorderTests {
  @Test func whatIsWrittenIsReadAgain() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("record-\(UUID().uuidString)").path
    let opening = Opening(width: 80, height: 24)
    let recorder = try Recorder(path: path, opening: opening)
    recorder.note(.notice("a"))
    recorder.note(.input(.key(.control("p"))))
    let read = try Recording(parsing: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(read == Recording(opening: opening, messages: [.notice("a"), .input(.key(.control("p")))]))
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: ErrorReport.self) { try Recorder(path: "/none/there", opening: opening) }
  }
}
