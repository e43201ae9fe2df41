//! Where pushes may go. The address of a push service comes from a browser, so from outside: nobody may make this
//! service knock on doors of the network it stands in.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Origins that the settings allow whatever their address is: push services of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnOrigins(BTreeSet<String>);

impl OwnOrigins {
    /// Whether that is one of them.
    pub(super) fn has(&self, url: &Url) -> bool {
        self.0.contains(&url.origin().ascii_serialization())
    }
}

impl FromIterator<Url> for OwnOrigins {
    fn from_iter<I: IntoIterator<Item = Url>>(urls: I) -> Self {
        Self(urls.into_iter().map(|url| url.origin().ascii_serialization()).collect())
    }
}

/// Why an address in the open internet cannot be a push service's; `None` when it can. Where its name leads is looked
/// at when it is connected to ([`PublicOnly`]).
pub(super) fn refusal(url: &Url) -> Option<&'static str> {
    if url.scheme() != "https" {
        return Some("does not begin with https://");
    }
    if url.port().is_some() {
        return Some("is not on the usual port");
    }
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
    match literal {
        Ok(address) if !is_public(address) => Some("is an address of a private network"),
        Err(_) if host.is_empty() => Some("names no host"),
        _ => None,
    }
}

/// Whether an address is one of the open internet (IANA's special-purpose registries).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.segments() {
            // IPv4 in another coat: mapped, and behind a translator (RFC 6052).
            [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last_of(address)),
            // For protocols (Teredo is among them), for documentation, and 6to4.
            [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] | [0x2002, ..] => false,
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

fn last_of(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// A name leads to no address of the open internet.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

/// Finds addresses of names, and gives those of the open internet only: what is connected to is what was looked at.
#[derive(Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Box::new(NotPublic) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last address of blocks that are not the open internet, and their neighbours that are.
    #[test]
    fn private_networks_end_where_the_registries_say() {
        for private in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fdff:ffff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff:fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:142.250.0.1",
            "64:ff9b::142.250.0.1",
            "2000::1",
            "2001:200::1",
            "2001:db7::1",
            "2a00:1450::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_is_judged_as_the_one_who_connects_reads_it() {
        let said = |text: &str| refusal(&Url::parse(text).unwrap());
        for fine in [
            "https://push.example/x",
            "https://push.example:443/x",
            "https://142.250.0.1/",
            "https://[2a00::1]/",
        ] {
            assert_eq!(said(fine), None, "{fine}");
        }
        for (wrong, why) in [
            ("http://push.example/x", "does not begin with https://"),
            ("ftp://push.example/x", "does not begin with https://"),
            ("https://push.example:8443/x", "is not on the usual port"),
            ("https://127.0.0.1/x", "is an address of a private network"),
            ("https://2130706433/x", "is an address of a private network"),
            ("https://0x7f.1/x", "is an address of a private network"),
            ("https://[::1]/x", "is an address of a private network"),
            ("https://[::ffff:7f00:1]/x", "is an address of a private network"),
        ] {
            assert_eq!(said(wrong), Some(why), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_into_this_machine_leads_nowhere() {
        let found = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert_eq!(found.map(|_| ()).unwrap_err().to_string(), NotPublic.to_string());
    }
}
