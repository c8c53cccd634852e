//! The threads of a process, as the kernel has them.

/// What the file `/proc/PID/task/*/NAME` says of each thread. One that ends between the listing and
/// the reading is left out.
pub fn of_each_thread(process: &str, name: &str) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let files = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join(name)).ok());
    let files: Vec<String> = files.collect();
    assert!(!files.is_empty(), "process {process} runs");
    files
}
