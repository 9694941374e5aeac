//! Why a text is no package spec, and what to write instead.
//!
//! Never repeats the spec: the caller says which text and where.

use rattler_conda_types::ParseMatchSpecError;

use crate::{names::NameError, scheme::advice_for_scheme};

/// Why a text is no package spec.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Nothing.
    #[error("it is empty")]
    Empty,
    /// Longer than any spec.
    #[error("it has {bytes} bytes, and at most {limit} are read")]
    TooLong {
        /// How many it has.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// Parentheses and brackets that would exhaust the stack of a recursive parser.
    #[error("its parentheses and brackets are nested more than {limit} deep")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
    /// Conditions that would exhaust the stack of whoever walks them.
    #[error("it has more than {limit} conditions joined by `and` and `or`")]
    TooManyConditions {
        /// The bound.
        limit: usize,
    },
    /// A jinja tag.
    #[error("it holds the template tag `{tag}`")]
    Template {
        /// The tag.
        tag: String,
    },
    /// `foo @mkl`.
    #[error("`@{feature}` asks for a feature, which conda channels no longer have")]
    Feature {
        /// The package.
        name: String,
        /// The feature.
        feature: String,
    },
    /// `foo @ https://...`.
    #[error("`name @ URL` is the form of pip")]
    PipUrl {
        /// The package.
        name: String,
    },
    /// `foo(optional=True)`.
    #[error("options in parentheses are a legacy form")]
    Options {
        /// The package.
        name: String,
    },
    /// `channel[subdir]::name`.
    #[error("a subdir in brackets behind the channel is a legacy form")]
    ChannelSubdir {
        /// Channel.
        channel: String,
        /// Subdir.
        subdir: String,
    },
    /// `foo[a=b][c=d]`.
    #[error("it has text behind its brackets: `{rest}`")]
    BehindBrackets {
        /// The text.
        rest: String,
    },
    /// A bracket without its partner, or a quote.
    #[error("its brackets are not closed")]
    OpenBrackets,
    /// `foo[]`.
    #[error("its brackets are empty")]
    EmptyBrackets,
    /// `networkx[default,extra]`.
    #[error("`{word}` is no `key=value`")]
    BareWord {
        /// The name before the brackets.
        name: String,
        /// All words between the brackets.
        words: Vec<String>,
        /// The first one.
        word: String,
    },
    /// `foo[build=py_0 version=1.0]`.
    #[error("the value `{value}` of `{key}` holds a space without being quoted")]
    UnquotedSpace {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// `foo[build=a, build=b]`.
    #[error("`{key}` is given twice")]
    TwiceTheKey {
        /// The key.
        key: String,
    },
    /// `foo*`, `^foo$`.
    #[error("`{pattern}` is a pattern, and only whole package names can be solved")]
    NamePattern {
        /// The pattern.
        pattern: String,
    },
    /// A name or version that CEP 26 forbids.
    #[error(transparent)]
    Name {
        /// The rule.
        source: NameError,
    },
    /// A build string with a character that none has; mostly a version without its comma.
    #[error("`{build}` is read as a build string, and those have no `{character}`")]
    Build {
        /// The build string.
        build: String,
        /// The character.
        character: char,
    },
    /// `1.*.3`, `*.4`.
    #[error(
        "`{pattern}` is a pattern for the text of a version, and only ranges of versions can be solved"
    )]
    VersionGlob {
        /// The pattern.
        pattern: String,
        /// What was probably meant, if the pattern only has stars behind the first.
        series: Option<String>,
    },
    /// `^1\.2.*$`.
    #[error(
        "`{pattern}` is a regular expression for a version, and only ranges of versions can be solved"
    )]
    VersionRegex {
        /// The expression.
        pattern: String,
    },
    /// `=>1.2`, `<>1.2`.
    #[error("`{operator}` is not an operator of versions")]
    UnknownOperator {
        /// The operator.
        operator: String,
    },
    /// `foo ==`.
    #[error("`{operator}` is followed by no version")]
    NoVersion {
        /// The operator.
        operator: String,
    },
    /// `>=1.2,,<2`.
    #[error("the version `{version}` has an empty part")]
    EmptyVersionPart {
        /// The whole expression.
        version: String,
    },
    /// `<*`, `~=1.2.*`.
    #[error("`{clause}` has a `*` behind an operator that cannot take one")]
    OperatorWithGlob {
        /// Operator and version.
        clause: String,
        /// What to write.
        instead: String,
    },
    /// `conda-*::foo`.
    #[error("`{channel}` is a pattern for channels, and a spec can only name one channel")]
    ChannelPattern {
        /// The pattern.
        channel: String,
    },
    /// `foo[fn=..., when="bar"]`.
    #[error("`{key}` cannot be asked for under a condition (`when`)")]
    KeyWithCondition {
        /// The key.
        key: &'static str,
    },
    /// Look-around or a back reference.
    #[error(
        "the regular expression `{pattern}` has look-around or a back reference, which CEP 29 leaves out"
    )]
    Regex {
        /// The expression.
        pattern: String,
    },
    /// The address of something that is no artifact in a channel.
    #[error("it is the address of something that is not a package in a channel")]
    Artifact,
    /// An address that nothing can be read from.
    #[error("channels and packages are fetched by `https`, `http` and `file`, not by `{scheme}`")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// The file name in an address breaks CEP 26.
    #[error(transparent)]
    FileName {
        /// The rule.
        source: NameError,
    },
    /// Refused by rattler.
    #[error("{reason}")]
    Parse {
        /// Why.
        reason: Box<ParseMatchSpecError>,
        /// What to write, if that can be guessed.
        hint: Option<String>,
    },
}

impl SpecError {
    /// What to write instead, if that can be said.
    pub fn suggestion(&self) -> Option<String> {
        Some(match self {
            Self::Template { .. } => {
                "render the template first (cookiecutter, jinja2), then give larder the result"
                    .to_owned()
            }
            Self::Feature { name, feature } => {
                let word = feature.split_whitespace().next().unwrap_or("mkl");
                format!("use a build string or a variant package, like `{name} * *{word}*`")
            }
            Self::PipUrl { name } => {
                format!("put it under `pip:`, or write `{name}` and name its channel")
            }
            Self::Options { name } => format!("write `{name}`, without parentheses"),
            Self::ChannelSubdir { channel, subdir } => {
                format!("write `{channel}/{subdir}::name`")
            }
            Self::BehindBrackets { .. } => {
                "put all keys into one pair of brackets at the end: `name[version='>=1', build=py_0]`"
                    .to_owned()
            }
            Self::OpenBrackets => {
                "quote values with spaces, commas, `=` or brackets: `name[version='>=1,<2']`".to_owned()
            }
            Self::EmptyBrackets => "leave the brackets out".to_owned(),
            Self::BareWord { name, words, .. } => bare_words(name, words),
            Self::UnquotedSpace { key, value } => {
                format!("separate keys by commas, or quote the value: `{key}='{value}'`")
            }
            Self::TwiceTheKey { .. } => "keep one of them".to_owned(),
            Self::NamePattern { .. } => "name the package".to_owned(),
            Self::Build { character, .. } => build(*character),
            Self::Artifact => {
                "expected an address like `https://conda.anaconda.org/conda-forge/linux-64/zlib-1.3.1-hb9d3cd8_2.conda`"
                    .to_owned()
            }
            Self::Scheme { scheme } => advice_for_scheme(scheme),
            Self::Parse { hint: Some(hint), .. } => hint.clone(),
            Self::TooLong { .. } | Self::TooDeep { .. } | Self::TooManyConditions { .. } => {
                "split it into several specs".to_owned()
            }
            Self::VersionGlob { series, .. } => match series {
                Some(series) => format!("write the series `{series}`, or a range like `>=1.2,<1.3`"),
                None => "a `*` inside a version cannot be solved: write a range like `>=1.2,<1.3`".to_owned(),
            },
            Self::VersionRegex { .. } => {
                "write a range like `>=1.2,<1.3`, or versions joined by `|`".to_owned()
            }
            Self::UnknownOperator { operator } => known_operator(operator),
            Self::NoVersion { .. } => "leave the operator out: the name alone is any version".to_owned(),
            Self::EmptyVersionPart { .. } => {
                "leave out each `,` and `|` that has no version on one side".to_owned()
            }
            Self::OperatorWithGlob { instead, .. } => instead.clone(),
            Self::ChannelPattern { .. } => {
                "name the channel, or leave it out: the channels of the command line and the manifest are searched in their order"
                    .to_owned()
            }
            Self::KeyWithCondition { .. } => {
                "ask for it without `when`, or name version and build instead".to_owned()
            }
            Self::Empty | Self::Parse { .. } => {
                "expected a package spec like `numpy >=1.26` or `numpy=1.26`".to_owned()
            }
            Self::Name { .. } | Self::FileName { .. } | Self::Regex { .. } => return None,
        })
    }
}

/// What was probably meant by an operator that does not exist.
fn known_operator(operator: &str) -> String {
    let meant = match operator {
        "=>" => ">=",
        "=<" => "<=",
        "<>" | "=!" | "!" => "!=",
        "===" => "==",
        "~" | "~>" | "=~" => "~=",
        _ => return "expected one of `=`, `==`, `!=`, `<`, `<=`, `>`, `>=`, `~=`".to_owned(),
    };
    format!("write `{meant}`")
}

fn bare_words(name: &str, words: &[String]) -> String {
    if words.iter().any(|word| word == "optional") {
        return format!("write `{name}`: the solver takes no optional packages");
    }
    format!(
        "conda writes optional groups as `{name}[extras=[{}]]`; most channels have none: then name the packages, or put the line under `pip:`",
        words.join(", ")
    )
}

fn build(character: char) -> String {
    if matches!(character, '<' | '>' | '=' | '!' | '~') {
        "join the parts of a version by commas: `name >=1.2,<2`".to_owned()
    } else {
        "expected a package spec like `numpy >=1.26` or `numpy=1.26=py311_0`".to_owned()
    }
}

/// What was probably meant where rattler gave up.
pub(super) fn hint(positional: &str, source: &ParseMatchSpecError) -> Option<String> {
    if positional.contains(';') {
        return Some(
            "`;` and a marker are pip's form: use a selector `# [win]` or `[when=\"python<3.11\"]`"
                .to_owned(),
        );
    }
    Some(match source {
        ParseMatchSpecError::InvalidBracketKey(key) => hint_for_key(key),
        ParseMatchSpecError::InvalidHashDigest => {
            "expected 32 hexadecimal digits for `md5`, 64 for `sha256`".to_owned()
        }
        ParseMatchSpecError::InvalidBuildNumber(_) => {
            "write a number or one comparison: `build_number=3`, `build_number='>=3'`".to_owned()
        }
        ParseMatchSpecError::InvalidPackagePathOrUrl
        | ParseMatchSpecError::InvalidPackageUrl(_) => {
            "expected the whole address of a package: `url='https://.../linux-64/name-1.0-0.conda'`"
                .to_owned()
        }
        _ => return None,
    })
}

/// What to write instead of a key that specs do not have.
fn hint_for_key(key: &str) -> String {
    match key {
        "features" => "channels no longer have features: use `track_features=`, or a build like `build='*mkl*'`",
        "build_string" => "write `build=`",
        "optional" | "target" => "leave it out: the solver takes no optional packages",
        "namespace" => "leave it out: channels have no namespaces",
        _ => {
            "a spec can ask for channel, subdir, version, build, build_number, fn, url, md5, sha256, license, license_family, track_features, flags, extras and when"
        }
    }
    .to_owned()
}
