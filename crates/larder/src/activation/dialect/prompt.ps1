if ((Test-Path Function:\prompt) -and -not (Test-Path Function:\__larder_prompt)) {
    Set-Item -Path Function:\global:__larder_prompt -Value (Get-Item Function:\prompt).ScriptBlock
    function global:prompt {
        if ($Env:CONDA_PROMPT_MODIFIER) { Write-Host -NoNewline $Env:CONDA_PROMPT_MODIFIER }
        __larder_prompt
    }
}
