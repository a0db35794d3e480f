/// The screens, in the order of their tabs.
package enum ScreenName: Int, Sendable, Hashable, CaseIterable, Codable {
  case data, setup, run, inspect, compare, map

  package var title: String {
    switch self {
    case .data: "Data"
    case .setup: "Setup"
    case .run: "Run"
    case .inspect: "Inspect"
    case .compare: "Compare"
    case .map: "Map"
    }
  }

  /// The action that shows it.
  var action: Action {
    switch self {
    case .data: .showData
    case .setup: .showSetup
    case .run: .showRun
    case .inspect: .showInspect
    case .compare: .showCompare
    case .map: .showMap
    }
  }

  /// The context that holds on it.
  var context: Context {
    switch self {
    case .data: .data
    case .setup: .setup
    case .run: .run
    case .inspect: .inspect
    case .compare: .compare
    case .map: .map
    }
  }
}

/// A part of a screen that can have the focus.
package enum Panel: String, Sendable, Hashable, CaseIterable, Codable {
  case files, rows, rowText, makeup
  case setup, meaning, estimate
  case progress, picks, gains, coverage
  case chosen, chosenText, reasons
  case versus, curves, overlap, composition, lengths, crossed, differing, differingText
  case map, mapText

  var screen: ScreenName {
    switch self {
    case .files, .rows, .rowText, .makeup: .data
    case .setup, .meaning, .estimate: .setup
    case .progress, .picks, .gains, .coverage: .run
    case .chosen, .chosenText, .reasons: .inspect
    case .versus, .curves, .overlap, .composition, .lengths, .crossed, .differing, .differingText: .compare
    case .map, .mapText: .map
    }
  }
}
