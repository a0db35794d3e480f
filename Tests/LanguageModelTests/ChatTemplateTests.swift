import Domain
import Foundation
import LanguageModel
import TestSupport
import Testing
import Tokenizers

/// What Jinja itself makes of templates, as `transformers` sets it up.
private struct Fixture: Decodable {
  struct Message: Decodable {
    var role: String
    var content: String
  }
  struct Case: Decodable {
    var chat: Int
    var addsPrompt: Bool
    var text: String?
    var error: String?
  }
  struct Template: Decodable {
    var name: String
    var source: String
    var cases: [Case]
  }
  struct Refused: Decodable {
    var name: String
    var source: String
  }
  struct Checkpoint: Decodable {
    var messages: [Message]
    var text: String
    var ids: [Int32]
  }
  /// By the tokenizer's name, made by `transformers` itself.
  var checkpoints: [String: Checkpoint]
  var chats: [[Message]]
  var tokens: [String: String]
  var templates: [Template]
  var refused: [Refused]

  static func read() throws -> Fixture {
    let path = Places.fixtures.appendingPathComponent("LanguageModel/templates/templates.json")
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
  }

  func turns(_ chat: Int) -> [Turn] { chats[chat].map { Turn(role: $0.role, content: $0.content) } }
}

@Suite struct ChatTemplateTests {
  @Test func textsAreTheOnesThatJinjaMakes() throws {
    let fixture = try Fixture.read()
    var rendered = 0
    var refused = 0
    for template in fixture.templates {
      let made: ChatTemplate
      do {
        made = try ChatTemplate(template.source, file: template.name, specialTokens: fixture.tokens)
      } catch {
        Issue.record("\(template.name): \(error.report.problem)")
        continue
      }
      for wanted in template.cases {
        do {
          let text = try made.render(fixture.turns(wanted.chat), addingGenerationPrompt: wanted.addsPrompt)
          #expect(text == wanted.text, "\(template.name), chat \(wanted.chat)")
          #expect(text.utf8.elementsEqual((wanted.text ?? "").utf8))
          rendered += 1
        } catch {
          #expect(wanted.error != nil, "\(template.name), chat \(wanted.chat): \(error.report.problem)")
          refused += 1
        }
      }
    }
    #expect(rendered > 250 && refused > 20)
  }

  @Test func whatIsOutsideTheSubsetIsRefusedByNameAndLine() throws {
    let fixture = try Fixture.read()
    let words = [
      "include": "line 2: the tag \"include\" is not supported", "filter": "line 3: the filter \"wordcount\"",
      "test": "the test \"prime\"", "unclosed": "line 2: \"if\" has no end", "extends": "the tag \"extends\"",
      "call": "the function \"nothing\"", "attribute": "\"a\" is undefined and has no \"b\"",
      "append": "the method \"append\" of a list", "zero": "division by 0", "tag": "a tag does not end",
      "with": "the tag \"with\"", "range": "longer than 100000", "raise": "the template refuses this: no: 1",
      "format": "the filter \"format\" is not supported",
    ]
    for refused in fixture.refused {
      do throws(LanguageModelError) {
        let template = try ChatTemplate(refused.source, file: "f", specialTokens: [:])
        let text = try template.render(fixture.turns(3))
        Issue.record("\(refused.name) gives \(text)")
      } catch {
        #expect(error.report.location == "f" && error.report.status == .badData)
        #expect(error.report.problem.contains(words[refused.name] ?? "line 1"), "\(error.report.problem)")
      }
    }
  }

  @Test func noTemplateGoesOnWithoutEnd() throws {
    let deep = String(repeating: "(", count: 100_000) + "1"
    let endless =
      "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}"
    let sources = [
      "{{ \(deep) }}", "{{ 1" + String(repeating: " + 1", count: 100_000) + " }}",
      String(repeating: "{% if 1 %}", count: 100_000), endless,
      "{{ 'x' * 999999999 }}",
      "{% set ns = namespace(t='x') %}{% for a in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 9223372036854775807 + 1 }}",
      "{{ -9223372036854775807 - 2 }}",
      "{{ 99999999999999999999 }}", "{{ 'a'|indent(99999999999) * 99999999 }}", "{{ 2 ** 9999 }}",
      "{{ " + String(repeating: "not ", count: 50_000) + "1 }}", "{{ " + String(repeating: "-", count: 50_000) + "1 }}",
      "{{ a" + String(repeating: "[0]", count: 50_000) + " }}",
    ]
    for source in sources {
      #expect(throws: LanguageModelError.self, "\(source.prefix(60))") {
        _ = try ChatTemplate(source, file: "f", specialTokens: [:]).render([])
      }
    }
  }

  @Test func aCheckpointsTemplateIsFoundAndGivesItsTokenizersText() throws {
    let folder = Places.fixtures.appendingPathComponent("LanguageModel/tokenizers")
    for (name, wanted) in try Fixture.read().checkpoints {
      let directory = folder.appendingPathComponent(name).path
      let text = try ChatTemplate(directory: directory).render(
        wanted.messages.map { Turn(role: $0.role, content: $0.content) }, addingGenerationPrompt: true)
      #expect(text == wanted.text)
      #expect(try Tokenizer(directory: directory).encode(text) == wanted.ids)
    }
    let none = Places.fixtures.appendingPathComponent("LanguageModel/tokenizers/gpt2").path
    #expect(throws: LanguageModelError.noTemplate(directory: none)) { try ChatTemplate(directory: none) }
  }
}
