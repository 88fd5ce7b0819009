//! What each read needs to be allowed, for whoever has to say what is missing: the actions of the very descriptions that
//! the reads are made of.

use super::{aks, alert_rules, authorization, cluster_detail, compute, front_door, monitor, postgres};

pub const CLUSTER: &str = aks::READ.action;
pub const VERSIONS: &str = cluster_detail::VERSIONS.action;
pub const USAGES: &str = compute::USAGES.action;
pub const SIZES: &str = compute::SIZES.action;
pub const ORIGIN_GROUP: &str = front_door::ORIGIN_GROUP.action;
pub const ORIGINS: &str = front_door::ORIGINS.action;
pub const ENDPOINTS: &str = front_door::ENDPOINTS.action;
pub const RULES: &str = alert_rules::RULES.action;
pub const ACTION_GROUP: &str = alert_rules::GROUP.action;
pub const PERMISSIONS: &str = authorization::PERMISSIONS.action;
pub const SERVER: &str = postgres::SERVER.action;
pub const VIRTUAL_ENDPOINT: &str = postgres::ENDPOINT.action;
pub const METRICS: &str = monitor::SERIES.action;
