//! Through which proxy a request goes.

use std::fmt;

use reqwest::{ClientBuilder, NoProxy, Proxy};
use url::Url;

use crate::{NetworkError, redact};

/// Through which proxy requests go.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// What the system says: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` in either case, or its
    /// settings.
    #[default]
    System,
    /// None, whatever the system says.
    Direct,
    /// This one, for everything.
    Url(Url),
    /// The first rule that fits; requests that none fits go directly. Hosts that `NO_PROXY` names do
    /// so too.
    Rules(Vec<ProxyRule>),
}

/// Which requests go through a proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyRule {
    /// Those of this scheme, in lower case; none means any.
    pub scheme: Option<String>,
    /// Those to this host, in lower case; none means any.
    pub host: Option<String>,
    /// The proxy; none means that they go directly.
    pub proxy: Option<Url>,
}

impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Direct => f.write_str("Direct"),
            Self::Url(url) => write!(f, "Url({})", redact(url)),
            Self::Rules(rules) => f.debug_list().entries(rules).finish(),
        }
    }
}

impl fmt::Debug for ProxyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        let proxy = self
            .proxy
            .as_ref()
            .map_or_else(|| "none".to_owned(), redact);
        write!(
            f,
            "{}://{} by {proxy}",
            part(&self.scheme),
            part(&self.host)
        )
    }
}

impl ProxyRule {
    fn fits(&self, url: &Url) -> bool {
        let scheme = self
            .scheme
            .as_deref()
            .is_none_or(|scheme| scheme == url.scheme());
        scheme
            && self
                .host
                .as_deref()
                .is_none_or(|host| Some(host) == url.host_str())
    }
}

impl ProxyChoice {
    pub(crate) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, NetworkError> {
        match self {
            Self::System => Ok(builder),
            Self::Direct => Ok(builder.no_proxy()),
            Self::Url(url) => Ok(builder.proxy(usable(url)?)),
            Self::Rules(rules) => {
                for proxy in rules.iter().filter_map(|rule| rule.proxy.as_ref()) {
                    usable(proxy)?;
                }
                let rules = rules.clone();
                let choose = move |url: &Url| through(&rules, url);
                Ok(builder.proxy(Proxy::custom(choose).no_proxy(NoProxy::from_env())))
            }
        }
    }
}

fn usable(url: &Url) -> Result<Proxy, NetworkError> {
    Proxy::all(url.clone()).map_err(|_| NetworkError::Proxy { url: redact(url) })
}

fn through(rules: &[ProxyRule], url: &Url) -> Option<Url> {
    rules.iter().find(|rule| rule.fits(url))?.proxy.clone()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{ProxyRule, through};

    fn rule(scheme: Option<&str>, host: Option<&str>, proxy: Option<&str>) -> ProxyRule {
        ProxyRule {
            scheme: scheme.map(str::to_owned),
            host: host.map(str::to_owned),
            proxy: proxy.map(|url| Url::parse(url).unwrap()),
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = [
            rule(Some("https"), Some("inside.test"), None),
            rule(Some("https"), None, Some("http://secure.test:1")),
            rule(None, None, Some("http://rest.test:2")),
        ];
        let by = |url: &str| {
            let proxy = through(&rules, &Url::parse(url).unwrap());
            proxy.map(|url| url.host_str().unwrap().to_owned())
        };
        assert_eq!(by("https://inside.test/x"), None);
        assert_eq!(by("https://other.test/x").as_deref(), Some("secure.test"));
        assert_eq!(by("http://inside.test/x").as_deref(), Some("rest.test"));
        assert_eq!(through(&[], &Url::parse("http://x.test").unwrap()), None);
    }

    #[test]
    fn passwords_are_not_shown() {
        let rule = rule(None, None, Some("http://me:hunter2@p.test"));
        assert!(!format!("{rule:?}").contains("hunter2"));
    }
}
