//! AWS Secrets Manager and Systems Manager Parameter Store, by `aws`.
//!
//! `file:///dev/stdin` gives a parameter's value from standard input (AWS CLI User Guide,
//! "Loading a parameter from a file"). The account, region and login are the program's own.

use super::super::place::Place;
use super::super::recipe::{Recipe, at, raw_text};
use super::super::run::{Line, quoted};

/// The value as `aws` reads it.
const STDIN: &str = "file:///dev/stdin";

pub(in super::super) fn secrets_manager(place: &Place) -> Recipe {
    let path = place.path("{repo}/{name}");
    let json = ["--output", "json"];
    Recipe {
        place: format!("AWS Secrets Manager, secret {path}"),
        get: Line::new("aws", ["secretsmanager", "get-secret-value", "--secret-id", &path])
            .and(json),
        read: at("/SecretString"),
        absent: |said| said.says("(ResourceNotFoundException)"),
        put: Line::new("aws", ["secretsmanager", "create-secret", "--name", &path])
            .and(["--secret-string", STDIN])
            .and(json),
        replace: Some(
            Line::new("aws", ["secretsmanager", "put-secret-value", "--secret-id", &path])
                .and(["--secret-string", STDIN])
                .and(json),
        ),
        feed: raw_text(),
        read_back: format!(
            "aws secretsmanager get-secret-value --secret-id {} --query SecretString --output text",
            quoted(&path)
        ),
        fill: format!(
            "ECS: `secrets: [{{name: {}, valueFrom: ARN}}]` in the task definition; elsewhere by \
             the command above",
            place.name
        ),
        remark: None,
    }
}

pub(in super::super) fn parameter_store(place: &Place) -> Recipe {
    let path = place.path("/{repo}/{name}");
    let json = ["--output", "json"];
    let put = Line::new("aws", ["ssm", "put-parameter", "--name", &path])
        .and(["--type", "SecureString", "--value", STDIN])
        .and(json);
    Recipe {
        place: format!("AWS SSM Parameter Store, parameter {path}"),
        get: Line::new("aws", ["ssm", "get-parameter", "--name", &path, "--with-decryption"])
            .and(json),
        read: at("/Parameter/Value"),
        absent: |said| said.says("(ParameterNotFound)"),
        replace: Some(put.clone().and(["--overwrite"])),
        put,
        feed: raw_text(),
        read_back: format!(
            "aws ssm get-parameter --name {} --with-decryption --query Parameter.Value \
             --output text",
            quoted(&path)
        ),
        fill: format!(
            "ECS: `secrets: [{{name: {}, valueFrom: ARN}}]` in the task definition; elsewhere by \
             the command above",
            place.name
        ),
        remark: None,
    }
}
