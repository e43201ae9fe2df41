//! Certificates of the tests' own.

use std::path::Path;
use std::process::Command;

/// Makes in `folder`, as `NAME.pem` and `NAME.key`: two authorities, `ca` and `other`, and certificates of `ca` for
/// `localhost` and `afstand`, both good for the server `localhost`.
pub fn make(folder: &Path) {
    let openssl = |arguments: &str| {
        let made = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .output()
            .expect("openssl comes with mosquitto's TLS");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    for authority in ["ca", "other"] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={authority} \
             -keyout {authority}.key -out {authority}.pem"
        ));
    }
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").expect("the names");
    for holder in ["localhost", "afstand"] {
        openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={holder} \
             -keyout {holder}.key -out {holder}.csr"
        ));
        openssl(&format!(
            "x509 -req -in {holder}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile names -out {holder}.pem"
        ));
    }
}
