// swift-tools-version: 6.1
import PackageDescription

// One target a room; the arrows between them are the layout, and LayoutTests holds the sources to it.
let package = Package(
  name: "winnow",
  products: [
    .executable(name: "winnow", targets: ["winnow"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
  ],
  targets: [
    // System libraries and C.
    .target(name: "CCurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "CVectorKernels"),
    .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),

    // The core: from file to score to selection.
    .target(name: "Domain", dependencies: ["CXXHash"]),
    .target(name: "Numerics", dependencies: ["Domain", "COpenBLAS", "CVectorKernels"]),
    .target(name: "JSONBytes", dependencies: ["CSimdJSON"]),
    .target(name: "Datasets", dependencies: ["Domain", "JSONBytes"]),
    .target(name: "Submodular", dependencies: ["Domain", "Numerics"]),
    .target(name: "Jinja", dependencies: ["Domain"]),
    .target(name: "Tokenizers", dependencies: ["Domain", "Numerics", "JSONBytes", "Checkpoints"]),
    .target(name: "Checkpoints", dependencies: ["Domain", "Numerics", "JSONBytes"]),
    .target(name: "Transformer", dependencies: ["Domain", "Numerics", "Checkpoints"]),
    .target(
      name: "LanguageModel",
      dependencies: ["Domain", "Numerics", "JSONBytes", "Jinja", "Tokenizers", "Checkpoints", "Transformer"]),
    .target(
      name: "SampleEncoding", dependencies: ["Domain", "Tokenizers", "Transformer", "LanguageModel"]),
    .target(
      name: "Scoring",
      dependencies: [
        "Domain", "Numerics", "Tokenizers", "Checkpoints", "Transformer", "LanguageModel", "SampleEncoding", "CCurl",
      ]),
    .target(name: "Influence", dependencies: ["Domain", "Numerics", "JSONBytes", "Checkpoints", "Transformer"]),
    .target(
      name: "Store",
      dependencies: ["Domain", "Numerics", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(
      name: "Workbench",
      dependencies: [
        "Domain", "JSONBytes", "Numerics", "Datasets", "Submodular", "Tokenizers", "Checkpoints", "Transformer",
        "LanguageModel",
        "SampleEncoding", "Scoring", "Influence", "Store",
      ]),

    .target(
      name: "Study",
      dependencies: [
        "Domain", "Numerics", "Datasets", "Transformer", "LanguageModel", "SampleEncoding", "Store", "Workbench",
      ]),

    // The screen: from state to cells to the terminal.
    .target(name: "Screen"),
    .target(name: "Interface", dependencies: ["Domain", "Screen"]),
    .target(name: "Terminal", dependencies: ["Screen", "CCurses"]),

    .target(
      name: "Desk",
      dependencies: ["Domain", "Numerics", "Datasets", "Tokenizers", "Store", "Workbench", "Interface"]),

    .executableTarget(
      name: "winnow",
      dependencies: [
        "Domain", "Numerics", "Datasets", "Submodular", "Tokenizers", "Checkpoints", "Transformer", "LanguageModel",
        "SampleEncoding", "Scoring", "Influence", "Store",
        "Workbench", "Study", "Screen", "Interface", "Terminal", "Desk",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests: a target a room, and ProgramTests for the built program as a whole.
    .target(
      name: "TestSupport", dependencies: ["Tokenizers", "Transformer", "LanguageModel"], path: "Tests/TestSupport"),
    .executableTarget(
      name: "terminal-probe", dependencies: ["Screen", "Terminal"], path: "Tests/TerminalProbe"),
    .executableTarget(
      name: "winnow-fuzz",
      dependencies: [
        "Domain", "Numerics", "Datasets", "JSONBytes", "Tokenizers", "Checkpoints", "Transformer", "LanguageModel",
        "Screen", "Interface",
      ],
      path: "Tests/Fuzz",
      exclude: ["Seeds"]),
    .target(name: "Samples", dependencies: ["Domain", "Datasets"], path: "Tests/Samples"),
    .executableTarget(
      name: "winnow-bench",
      dependencies: [
        "Domain", "Numerics", "Datasets", "Submodular", "Checkpoints", "Transformer", "LanguageModel", "SampleEncoding",
        "Influence", "Samples",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Bench"),
    .testTarget(name: "LayoutTests", dependencies: ["TestSupport"]),
    .testTarget(name: "DocumentationTests", dependencies: ["TestSupport"]),
    .testTarget(name: "DomainTests", dependencies: ["Domain", "TestSupport"]),
    .testTarget(name: "NumericsTests", dependencies: ["Domain", "Numerics", "TestSupport"]),
    .testTarget(name: "DatasetsTests", dependencies: ["Domain", "Datasets", "Samples", "TestSupport"]),
    .testTarget(
      name: "SubmodularTests", dependencies: ["Domain", "Numerics", "Submodular", "TestSupport"]),
    .testTarget(
      name: "LanguageModelTests",
      dependencies: [
        "Domain", "Numerics", "JSONBytes", "Jinja", "Tokenizers", "Checkpoints", "Transformer", "LanguageModel",
        "TestSupport",
      ]),
    .testTarget(
      name: "ScoringTests",
      dependencies: [
        "Domain", "Numerics", "Tokenizers", "Transformer", "LanguageModel", "SampleEncoding", "Scoring", "TestSupport",
      ]),
    .testTarget(
      name: "InfluenceTests",
      dependencies: ["Domain", "Numerics", "Checkpoints", "Transformer", "LanguageModel", "Influence", "TestSupport"]),
    .testTarget(
      name: "StoreTests",
      dependencies: ["Domain", "Numerics", "Store", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")]),
    .testTarget(
      name: "WorkbenchTests",
      dependencies: [
        "Domain", "Numerics", "Datasets", "Transformer", "LanguageModel", "SampleEncoding", "Submodular", "Scoring",
        "Influence", "Store", "Workbench",
        "Samples", "TestSupport",
      ]),
    .testTarget(
      name: "StudyTests",
      dependencies: [
        "Domain", "Numerics", "Datasets", "Transformer", "LanguageModel", "Store", "Workbench", "Study", "Samples",
        "TestSupport",
      ]),
    .testTarget(name: "ScreenTests", dependencies: ["Screen", "TestSupport"]),
    .testTarget(name: "InterfaceTests", dependencies: ["Domain", "Screen", "Interface", "TestSupport"]),
    .testTarget(
      name: "DeskTests",
      dependencies: [
        "Domain", "Numerics", "Datasets", "Store", "Workbench", "Interface", "Screen", "Desk", "TestSupport",
      ]),
    .testTarget(name: "TerminalTests", dependencies: ["terminal-probe", "TestSupport"]),
    .testTarget(
      name: "ProgramTests",
      dependencies: ["Transformer", "LanguageModel", "winnow", "winnow-bench", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)
