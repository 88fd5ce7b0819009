//! One contract for every store. A promise is an async fn over a [`Backend`]; the table below runs each of them
//! against each backend. What only one backend can show (its faults, its torn tails, its processes) has its own file.

pub mod backend;
pub mod blob;
mod blob_harm;
mod blob_refusals;
mod faults;
mod processes;
mod promises;
mod torn_tail;

use backend::Backend;

macro_rules! every_backend_keeps {
    ($($promise:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $promise() {
                super::promises::$promise(&super::Backend::memory()).await;
            })*
        }
        mod file {
            $(#[tokio::test]
            async fn $promise() {
                super::promises::$promise(&super::Backend::file()).await;
            })*
        }
        mod azurite {
            $(#[tokio::test]
            async fn $promise() {
                super::promises::$promise(&super::Backend::azurite().await).await;
            })*
        }
        mod azurite_without_answers {
            $(#[tokio::test]
            async fn $promise() {
                super::promises::$promise(&super::Backend::azurite_without_answers().await).await;
            })*
        }
    };
}

every_backend_keeps! {
    create_makes_an_empty_log
    create_never_truncates
    concurrent_creates_all_succeed
    append_gives_the_new_version
    append_at_another_version_writes_nothing
    append_to_a_missing_log_says_so
    append_takes_whole_lines_only
    bytes_come_back_as_they_were
    several_lines_arrive_together
    hundreds_of_appenders_lose_and_duplicate_nothing
    an_append_given_up_half_way_lands_at_most_once
    read_starts_at_the_offset
    read_behind_the_end_is_empty
    read_of_a_missing_log_is_none
    quiet_time_starts_again_with_a_write
    a_conflict_does_not_break_the_quiet
    list_gives_the_names_below_a_prefix_sorted
    a_log_and_a_folder_may_share_a_name
    what_is_removed_is_gone_and_can_be_made_anew
    what_is_not_there_cannot_be_removed
    documents_compare_and_set
    a_document_is_created_once
    racing_writers_of_a_document_lose_no_update
    logs_and_documents_do_not_meet
    illegal_names_are_refused_everywhere
    two_handles_see_one_state
}

#[tokio::test]
async fn a_target_opens_the_store_it_names() {
    let directory = tempfile::tempdir().unwrap();
    let target = reveille::store::StoreTarget::Directory(directory.path().join("made/on/the/way"));
    reveille::store::open(&target).unwrap().create("a").await.unwrap();
    assert_eq!(reveille::store::open(&target).unwrap().list("").await.unwrap(), ["a"]);
}

#[test]
fn a_target_that_is_a_file_is_refused_by_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let target = reveille::store::StoreTarget::Directory(file.path().to_owned());
    let Err(error) = reveille::store::open(&target) else { panic!("a file was opened as a store") };
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}
