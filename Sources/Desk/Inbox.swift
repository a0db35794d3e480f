import Interface
import Synchronization

/// Messages on their way to the main thread. Progress of a run is a mailbox: a newer one takes the place of one that has
/// not been fetched. Everything else is a queue that drops nothing.
package final class Inbox: Sendable {
  private let messages = Mutex<[Message]>([])
  private let wake: @Sendable () -> Void

  /// - Parameter wake: called when the inbox was empty and is no longer; from any thread.
  package init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  package func post(_ message: Message) {
    let wasEmpty = messages.withLock { messages in
      let wasEmpty = messages.isEmpty
      if case .progress(let run, let progress) = message,
        case .progress(let lastRun, let last)? = messages.last, lastRun == run, last.phase == progress.phase
      {
        messages[messages.count - 1] = message
      } else {
        messages.append(message)
      }
      return wasEmpty
    }
    if wasEmpty { wake() }
  }

  package func takeAll() -> [Message] {
    messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
}
